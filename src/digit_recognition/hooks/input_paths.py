"""Paths of input files, given on the command line or in ``conf/``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from digit_recognition.errors import ProjectError

INPUT_PATHS = {"pictures": False, "explain.picture": True, "robustness.mnist_c": True}
"""The parameters that contain a path. Each value says whether the path may be null."""

MISSING = object()


class InputPathsHooks:
    """Make the paths of input files absolute.

    A leading ``~`` is the user's home folder. A relative path in ``--params`` starts at
    the current folder. A relative path in ``conf/`` starts at the project's folder.
    URLs are kept unchanged. The absolute paths become runtime parameters,
    which ``catalog.yml`` reads with ``${runtime_params:NAME}``.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Make the paths of input files absolute.

        The paths are given with `--params` or in the files in ``conf/``.

        Raises ProjectError if a path is empty or is not a string.
        """
        loader = context.config_loader
        given = {name: _find(loader.runtime_params, name) for name in INPUT_PATHS}
        for name, path in given.items():
            _set_absolute(loader, name, path, Path.cwd())
        # Read the files in conf/ after escaping the paths of --params, because merging
        # the files with an unescaped ${ fails.
        for name, path in given.items():
            if path is MISSING:
                found = _find(loader["parameters"], name)
                _set_absolute(loader, name, found, context.project_path)


def expand_home(path: str) -> str:
    """Replace a leading ``~`` or ``~user`` by the home folder, as a shell does.

    The path stays unchanged if there is no such user.
    """
    return os.path.expanduser(path)  # noqa: PTH111 (Path.expanduser raises instead)


def is_url(path: str) -> bool:
    """Return whether the path is a URL, such as ``s3://bucket/scans``."""
    return re.match("[a-zA-Z0-9]+://", path) is not None


def _set_absolute(
    loader: AbstractConfigLoader, name: str, path: Any, start: Path
) -> None:
    if path is MISSING or (path is None and INPUT_PATHS[name]):
        return
    keys = name.split(".")
    if not isinstance(path, str) or not path.strip():
        raise ProjectError(_describe_error(keys, path))
    absolute = path if is_url(path) else str(start / expand_home(path))
    # OmegaConf takes an unescaped ${ for an interpolation.
    escaped = absolute.replace("${", "\\${")
    loader.runtime_params = _replace(loader.runtime_params or {}, keys, escaped)


def _find(parameters: Any, name: str) -> Any:
    for key in name.split("."):
        if not isinstance(parameters, Mapping) or key not in parameters:
            return MISSING
        parameters = parameters[key]
    return parameters


def _replace(parameters: Any, keys: list[str], value: str) -> dict[str, Any]:
    """Return a copy of nested parameters, in which one value is replaced.

    ``keys`` leads to the new ``value``. For example, ``["explain", "picture"]`` leads
    to ``parameters["explain"]["picture"]``.
    """
    key, *rest = keys
    inner = _replace(parameters.get(key, {}), rest, value) if rest else value
    return {**parameters, key: inner}


def _describe_error(keys: list[str], path: Any) -> str:
    example = '"/scans/007"'
    for key in reversed(keys[1:]):
        example = f"{{{key}: {example}}}"
    return (
        f"expected text in the parameter {'.'.join(keys)}, received {path!r}; put the "
        f"path in quotes in conf/local/parameters.yml: {keys[0]}: {example}"
    )
