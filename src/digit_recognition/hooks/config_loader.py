"""A configuration loader whose error messages name the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from digit_recognition.errors import ProjectError


class ConfigLoader(OmegaConfigLoader):
    """A configuration loader that raises ProjectError for invalid files.

    The message names the file and, for a mistake in YAML, the line. Kedro's own
    messages about mistakes in YAML usually name neither.
    """

    def __init__(self, *arguments: Any, **options: Any):
        self._read: dict[str, Any] = {}
        super().__init__(*arguments, **options)

    def _read_raw_config(self, key: str) -> Any:
        # A run asks for the parameters and the catalog several times.
        if key not in self._read:
            self._read[key] = super()._read_raw_config(key)
        return self._read[key]

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return a configuration, for example ``loader["parameters"]``.

        It is merged from the files of the base environment and of the run environment.
        Raises ProjectError if a file is invalid.
        """
        try:
            return super().__getitem__(key)
        except MissingConfigException:
            self._check_environment()
            raise
        except Exception as error:
            folders = (self.base_env, self.env or self.default_run_env)
            for folder in dict.fromkeys(filter(None, folders)):
                for path in sorted(Path(self.conf_source, folder).rglob("*")):
                    if reason := _find_mistake(path):
                        raise ProjectError(reason) from error
            if isinstance(error, OmegaConfBaseException | ValueError):
                raise ProjectError(
                    f"expected a valid {key} configuration, received an error: {error}"
                    f"; correct it in {self.conf_source}"
                ) from error
            raise

    def _check_environment(self) -> None:
        """Raise ProjectError if the run environment has no folder in ``conf/``."""
        folder = Path(self.conf_source)
        if self.env and folder.is_dir() and not (folder / self.env).is_dir():
            known = sorted(path.name for path in folder.iterdir() if path.is_dir())
            raise ProjectError(
                f"expected an environment of {folder.name}/, received {self.env!r}; "
                f"existing: {', '.join(known)}"
            )


def _find_mistake(path: Path) -> str | None:
    """Return what is wrong with a YAML or JSON file, or None if nothing is wrong."""
    if path.suffix not in (".yml", ".yaml", ".json") or not path.is_file():
        return None
    try:
        content = OmegaConf.load(path)
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        line, problem = "", str(error)
        if isinstance(error, MarkedYAMLError) and error.problem_mark:
            line = f", line {error.problem_mark.line + 1}"
            problem = error.problem or problem
        return f"expected YAML in {path}{line}, received: {problem}; correct the file"
    if isinstance(content, DictConfig):
        return None
    return f"expected names with values in {path}, received a list; write `name: value`"
