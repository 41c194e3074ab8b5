"""Nodes that Kedro-Viz describes in a sentence."""

from __future__ import annotations

import inspect
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node
from kedro.pipeline.preview_contract import TextPreview
from kedro.utils import KedroExperimentalWarning

PANEL = 48  # letters that fit beside one another in Kedro-Viz's panel


def node_with_preview(
    func: Callable[..., Any],
    inputs: str | list[str],
    outputs: str | list[str],
    *,
    name: str | None = None,
) -> Node:
    """A node with the first line of its function's docstring as its preview.

    It is named as its function, unless by ``name``.
    """

    def describe() -> TextPreview:
        sentence = (inspect.getdoc(func) or func.__name__).partition("\n")[0]
        return TextPreview(textwrap.fill(sentence, PANEL))

    with warnings.catch_warnings(category=KedroExperimentalWarning, action="ignore"):
        return Node(
            func, inputs, outputs, name=name or func.__name__, preview_fn=describe
        )
