"""The options of `kedro run`, with short error messages for invalid values."""

from __future__ import annotations

import copy
import json
import re
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.utils import KedroCliError
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from digit_recognition.hooks.input_paths import INPUT_PATHS, expand_home, is_url


def with_short_errors(option: click.Parameter) -> click.Parameter:
    """Return a copy of an option that raises ClickException for invalid values.

    The copy of ``--params`` also accepts YAML lists. It refuses paths of input data
    that Kedro's parser would change. For example, the parser would split a path at a
    comma. An option without a callback is not copied, but returned unchanged.
    """
    kedro_callback: Any = option.callback
    if kedro_callback is None:
        return option

    def convert(context: click.Context, option: click.Parameter, value: Any) -> Any:
        typed = value
        lists: list[str] = []
        if option.name == "params" and isinstance(value, str):
            _refuse_changed_paths(value.split(","))
            value, lists = _take_out_lists(value)
        try:
            return _add(kedro_callback(context, option, value), lists)
        except KedroCliError as error:
            if option.name == "load_versions":
                raise click.ClickException(_describe(option, typed, error)) from error
            raise click.ClickException(str(error)) from error
        except (
            YAMLError,
            OmegaConfBaseException,
            LookupError,
            ValueError,
            OSError,
        ) as error:
            raise click.ClickException(_describe(option, typed, error)) from error

    option = copy.copy(option)
    option.callback = convert
    return option


def _take_out_lists(value: str) -> tuple[str, list[str]]:
    """Separate the YAML lists in the value of ``--params`` from the other parameters.

    Return the other parameters as text, and the lists. This is needed because Kedro
    splits the value at every comma, even inside a list.

    >>> _take_out_lists("seed=3,sweep.recipes=[plain,quick]")
    ('seed=3', ['sweep.recipes=[plain,quick]'])
    """
    items: list[str] = []
    for part in value.split(","):
        if items and _is_open_list(items[-1]):
            items[-1] += f",{part}"
        else:
            items.append(part)
    lists = [item for item in items if re.match(r"[^=]+=\s*\[", item)]
    return ",".join(item for item in items if item not in lists), lists


def _is_open_list(item: str) -> bool:
    value = item.partition("=")[2].strip()
    return value.startswith("[") and value.count("[") > value.count("]")


def _add(parameters: Any, lists: list[str]) -> Any:
    if not lists:
        return parameters
    added = OmegaConf.from_dotlist([item.strip() for item in lists])
    return OmegaConf.to_container(OmegaConf.merge(parameters, added))


def _describe(option: click.Parameter, value: Any, error: Exception) -> str:
    problem = " ".join(str(getattr(error, "problem", error)).split()).rstrip(".")
    name = f"--{option.name}".replace("_", "-")
    if option.name == "config":
        return (
            f"expected a YAML file with the options of `kedro run` below `run:` in "
            f"{name}, received {value} ({problem}); correct the file"
        )
    if option.name == "load_versions":
        return (
            f"expected NAME:VERSION in {name}, received {value!r} ({problem}); a "
            "version is the name of a folder, such as 2026-01-31T12.00.00.000Z"
        )
    return (
        f"expected key=value in {name}, with YAML values, received {value!r} "
        f"({problem}); correct it, or write it into conf/local/parameters.yml"
    )


def _refuse_changed_paths(items: list[str]) -> None:
    """Raise ClickException if Kedro would change a path that the user has typed.

    ``items`` is the value of ``--params``, split at its commas. A path may be in YAML
    quotes, which do not count as a part of the path.
    """
    for position, item in enumerate(items):
        name, _, path = item.partition("=")
        name = name.strip()
        if name not in INPUT_PATHS or (INPUT_PATHS[name] and path == "null"):
            continue
        # Kedro splits a path at its commas: items without `=` continue the path.
        rest = list(takewhile(lambda item: "=" not in item, items[position + 1 :]))
        try:
            config = OmegaConf.from_dotlist([f"path={path}"])
            container: Any = OmegaConf.to_container(config)
            read = container["path"]
        except YAMLError:
            read = None
        quoted = isinstance(read, str) and path.startswith(("'", '"'))
        if (read == path or quoted) and not rest and "${" not in path:
            continue
        path = ",".join([path, *rest])
        bare = path[1:-1] if re.fullmatch(r"(['\"]).*\1", path, re.DOTALL) else path
        absolute = bare if is_url(bare) else str(Path(expand_home(bare)).absolute())
        absolute = absolute.replace("${", "\\${")
        value = json.dumps(absolute, ensure_ascii=False)
        value = value.encode(errors="backslashreplace").decode()
        raise click.ClickException(
            f"expected a plain path in --params {name}=, received {path!r}, which the "
            f"command line does not keep as it is; write {_as_yaml(name, value)} into "
            "conf/local/parameters.yml instead"
        )


def _as_yaml(name: str, value: str) -> str:
    outer, _, inner = name.partition(".")
    return f"{outer}: {{{_as_yaml(inner, value)}}}" if inner else f"{outer}: {value}"
