"""`kedro run` as Kedro has it, but what a person can put right is said in one message.

So is that the person stopped the run with Ctrl-C.
"""

from __future__ import annotations

import copy
import functools
import logging
import signal
from collections.abc import Callable
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError
from kedro.validation import ParameterValidationError

from digit_recognition.errors import ProjectError

logger = logging.getLogger(__name__)

EXPECTED = (
    ProjectError,
    DatasetError,
    ParameterValidationError,
    MissingConfigException,
)


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


run = copy.copy(kedro_run)
run.callback = _in_one_message(kedro_run.callback)
cli.add_command(run)
