"""Which pictures are meant: a path named on the command line, or the project's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from digit_recognition.errors import ProjectError

MISSING = object()
PATHS = (("pictures",), ("explain", "picture"))


class PicturesHooks:
    """Give the catalog ``${runtime_params:pictures}`` as an absolute path.

    And ``explain.picture``, which may be null.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Take `--params` from where the command was given, files from the project."""
        loader = context.config_loader
        named = {keys: _find(loader.runtime_params, keys) for keys in PATHS}
        for keys, path in named.items():
            _resolve(loader, keys, path, Path.cwd())
        # Only now: the files are read with what was named, ${ and all.
        for keys, path in named.items():
            if path is MISSING:
                found = _find(loader["parameters"], keys)
                _resolve(loader, keys, found, context.project_path)


def _resolve(
    loader: AbstractConfigLoader, keys: tuple[str, ...], path: Any, start: Path
) -> None:
    if path is MISSING or (path is None and keys != PATHS[0]):
        return
    if not isinstance(path, str) or not path.strip():
        raise ProjectError(_refusal(keys, path))
    absolute = str(start / Path(path).expanduser())
    # OmegaConf would take ${ for the start of an interpolation.
    escaped = absolute.replace("${", "\\${")
    loader.runtime_params = _with(loader.runtime_params or {}, keys, escaped)


def _find(parameters: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(parameters, Mapping) or key not in parameters:
            return MISSING
        parameters = parameters[key]
    return parameters


def _with(parameters: Any, keys: tuple[str, ...], value: str) -> dict[str, Any]:
    """A copy of the parameters with the value in the place that the keys lead to."""
    key, *rest = keys
    inner = _with(parameters.get(key, {}), tuple(rest), value) if rest else value
    return {**parameters, key: inner}


def _refusal(keys: tuple[str, ...], path: Any) -> str:
    written = '"/scans/007"'
    for key in reversed(keys[1:]):
        written = f"{{{key}: {written}}}"
    return (
        f"expected text in the parameter {'.'.join(keys)}, received {path!r}; put the "
        f"path in quotes in conf/local/parameters.yml: {keys[0]}: {written}"
    )
