"""Create pipeline nodes that show a description in Kedro-Viz."""

from __future__ import annotations

import inspect
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node
from kedro.pipeline.preview_contract import TextPreview
from kedro.utils import KedroExperimentalWarning

PANEL_WIDTH = 48  # characters in a line of Kedro-Viz's panel


def node_with_preview(
    func: Callable[..., Any],
    inputs: str | list[str],
    outputs: str | list[str],
    *,
    name: str | None = None,
    tags: str | None = None,
) -> Node:
    """Create a node whose preview is the first line of its function's docstring.

    ``name`` defaults to the name of the function. ``tags`` can be given to
    `kedro run --tags` to run only nodes with these tags.
    """

    def describe() -> TextPreview:
        sentence = (inspect.getdoc(func) or func.__name__).partition("\n")[0]
        return TextPreview(textwrap.fill(sentence, PANEL_WIDTH))

    with warnings.catch_warnings(category=KedroExperimentalWarning, action="ignore"):
        return Node(
            func,
            inputs,
            outputs,
            name=name or func.__name__,
            tags=tags,
            preview_fn=describe,
        )
