"""`kedro run` as Kedro has it, but what a person can put right is said in one message.

So is that the person stopped the run with Ctrl-C.
"""

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

logger = logging.getLogger(__name__)

EXPECTED = (
    ProjectError,
    DatasetError,
    ParameterValidationError,
    MissingConfigException,
)


PATHS = ("pictures", "explain.picture")
NONE = ("explain.picture", "null")
INTERRUPTED = 128 + signal.SIGINT


@click.group()
def cli() -> None:
    """Digit Recognition."""


def _in_one_message(command: Callable[..., Any]) -> Callable[..., Any]:
    """One message for the errors that a person can put right, exit code 1.

    One line for Ctrl-C, exit code 130 as shells have it.
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
        except EXPECTED as error:
            logger.debug("What led to the message", exc_info=True)
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            if str(error).startswith("Failed to find the pipeline named"):
                raise click.ClickException(str(error)) from error
            raise
        except KeyboardInterrupt as stopped:
            click.echo(str(stopped) or "Stopped.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from stopped

    return run


def _as_written(option: click.Parameter) -> click.Parameter:
    """`--params`, but a path of pictures that Kedro would read otherwise is refused."""

    def split(context: click.Context, option: click.Parameter, value: Any) -> Any:
        if isinstance(value, str):
            _refuse_mangled(value.split(","))
        return kedro_split(context, option, value)

    option, kedro_split = copy.copy(option), option.callback
    option.callback = split
    return option


def _refuse_mangled(items: list[str]) -> None:
    """ClickException where what Kedro reads for a path is not what was written.

    Quotes of YAML around the whole path are meant as such.
    """
    for position, item in enumerate(items):
        key, _, path = item.partition("=")
        if key.strip() not in PATHS or (key.strip(), path) == NONE:
            continue
        cut = list(takewhile(lambda rest: "=" not in rest, items[position + 1 :]))
        try:
            given = OmegaConf.from_dotlist([f"pictures={path}"])
            read = OmegaConf.to_container(given)["pictures"]
        except YAMLError:
            read = None
        quoted = isinstance(read, str) and path.startswith(("'", '"'))
        if (read == path or quoted) and not cut and "${" not in path:
            continue
        path = ",".join([path, *cut])
        bare = path[1:-1] if re.fullmatch(r"(['\"]).*\1", path, re.DOTALL) else path
        absolute = str(Path(bare).expanduser().absolute()).replace("${", "\\${")
        instead = json.dumps(absolute, ensure_ascii=False)
        instead = instead.encode(errors="backslashreplace").decode()
        raise click.ClickException(
            f"expected a plain path in --params {key.strip()}=, received {path!r}, "
            "which the command line does not keep as it is; write "
            f"{_as_yaml(key.strip(), instead)} into conf/local/parameters.yml instead"
        )


def _as_yaml(key: str, value: str) -> str:
    name, _, rest = key.partition(".")
    return f"{name}: {{{_as_yaml(rest, value)}}}" if rest else f"{name}: {value}"


run = copy.copy(kedro_run)
run.callback = _in_one_message(kedro_run.callback)
run.params = [_as_written(p) if p.name == "params" else p for p in kedro_run.params]
cli.add_command(run)
