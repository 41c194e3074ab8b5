"""Which pictures are meant: a path named on the command line, or the project's."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from digit_recognition.errors import ProjectError


class PicturesHooks:
    """Give the catalog ``${runtime_params:pictures}`` as an absolute path."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Take `--params` from where the command was given, files from the project."""
        loader = context.config_loader
        named = loader.runtime_params or {}
        is_named = "pictures" in named
        found = named if is_named else loader["parameters"]
        if "pictures" not in found:
            return
        path = found["pictures"]
        if not isinstance(path, str) or not path.strip():
            raise ProjectError(
                f"expected text in the parameter pictures, received {path!r}; put the "
                'path in quotes in conf/local/parameters.yml: pictures: "/scans/007"'
            )
        start = Path.cwd() if is_named else context.project_path
        absolute = str(start / Path(path).expanduser())
        # OmegaConf would take ${ for the start of an interpolation.
        loader.runtime_params = {**named, "pictures": absolute.replace("${", "\\${")}
