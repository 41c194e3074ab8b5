"""`kedro run`, with one short message for mistakes that the user can correct."""

from __future__ import annotations

import copy
import functools
import json
import logging
import re
import signal
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError
from kedro.validation import ParameterValidationError
from omegaconf import OmegaConf
from yaml import YAMLError

from digit_recognition.errors import ProjectError
from digit_recognition.hooks.input_paths import INPUT_PATHS, expand_home

logger = logging.getLogger(__name__)

USER_ERRORS = (
    ProjectError,
    DatasetError,
    ParameterValidationError,
    MissingConfigException,
)
EXIT_CODE_INTERRUPTED = 128 + signal.SIGINT  # as shells have it


@click.group()
def cli() -> None:
    """Digit Recognition."""


def _with_short_errors(command: Any) -> Callable[..., Any]:
    """Show errors that the user can correct as one message, with exit code 1.

    Ctrl-C gives one line and exit code 130.
    """

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        if options.get("is_async"):
            raise click.ClickException(
                "expected no --async, received it; train_model keeps its checkpoint "
                "until its model is saved, which Kedro does not do in the background"
            )
        try:
            return command(*args, **options)
        except USER_ERRORS as error:
            logger.debug("Traceback of the error", exc_info=True)
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            if str(error).startswith("Failed to find the pipeline named"):
                raise click.ClickException(str(error)) from error
            raise
        except KeyboardInterrupt as stopped:
            click.echo(str(stopped) or "Stopped.", err=True)
            raise click.exceptions.Exit(EXIT_CODE_INTERRUPTED) from stopped

    return run


def _with_checked_paths(option: click.Parameter) -> click.Parameter:
    """Let `--params` refuse a path that Kedro would change, and broken YAML."""

    def split(context: click.Context, option: click.Parameter, value: Any) -> Any:
        if isinstance(value, str):
            _refuse_changed_paths(value.split(","))
        try:
            return kedro_split(context, option, value)
        except YAMLError as error:
            problem = " ".join(str(getattr(error, "problem", error)).split())
            raise click.ClickException(
                f"expected key=value in --params, with YAML values, received {value!r} "
                f"({problem}); correct it, or write it into conf/local/parameters.yml"
            ) from error

    kedro_split: Any = option.callback
    option = copy.copy(option)
    option.callback = split
    return option


def _refuse_changed_paths(items: list[str]) -> None:
    """Raise ClickException if Kedro would read another path than was written.

    ``items`` are the parts of `--params` between commas. YAML quotes around a whole
    path are no part of it.
    """
    for position, item in enumerate(items):
        name, _, path = item.partition("=")
        name = name.strip()
        if name not in INPUT_PATHS or (INPUT_PATHS[name] and path == "null"):
            continue
        # Kedro cuts the path at its commas.
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
        absolute = str(Path(expand_home(bare)).absolute()).replace("${", "\\${")
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


run = copy.copy(kedro_run)
run.callback = _with_short_errors(kedro_run.callback)
run.params = [
    _with_checked_paths(option) if option.name == "params" else option
    for option in kedro_run.params
]
cli.add_command(run)
