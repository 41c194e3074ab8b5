"""Make `kedro run` print less, and give one short message for a user's mistake."""

from __future__ import annotations

import atexit
import copy
import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import KedroCliError
from kedro.io import DatasetError
from kedro.utils import find_kedro_project
from kedro.validation import ParameterValidationError

from digit_recognition.datasets.csv_safety import escape_message
from digit_recognition.errors import ProjectError
from digit_recognition.hooks.mlflow_tracking import open_run_is_ended
from digit_recognition.hooks.output_places import end_claim
from digit_recognition.hooks.stages import start_display, stop_display
from digit_recognition.interrupts import (
    EXIT_CODE_INTERRUPTED,
    end_at_interrupts,
    is_caused_by_interrupt,
)

from .logs import configure_logging
from .options import with_short_errors
from .quiet_stderr import quiet_stderr
from .selection import check_selection
from .temporary_files import own_temporary_files

logger = logging.getLogger(__name__)

USER_ERRORS = (
    ProjectError,
    DatasetError,
    KedroCliError,
    ParameterValidationError,
    MissingConfigException,
)


@click.group()
def cli() -> None:
    """Digit Recognition."""


def _run_quietly(command: Any) -> Callable[..., Any]:
    """Return the command with an additional argument, ``verbose``.

    If ``verbose`` is false, `quiet_stderr` hides TensorFlow's notices. After an error
    that the user can correct, the command prints one message and ends with exit code 1.
    After Ctrl-C, it prints one line and ends with exit code 130.
    """

    @functools.wraps(command)
    def run(*, verbose: bool, **options: Any) -> Any:
        try:
            if verbose:
                os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
                return _run(command, verbose, options)
            with quiet_stderr(click.ClickException, click.exceptions.Exit):
                return _run(command, verbose, options)
        except KeyboardInterrupt as stopped:
            # Ctrl-C was pressed before the run started or after it ended.
            click.echo("Stopped.", err=True)
            raise click.exceptions.Exit(EXIT_CODE_INTERRUPTED) from stopped
        finally:
            atexit.register(end_at_interrupts)

    return run


def _run(command: Any, verbose: bool, options: dict[str, Any]) -> Any:
    try:
        project = find_kedro_project(Path.cwd()) or Path.cwd()
        configure_logging(project, verbose=verbose)
        if not verbose:
            start_display("starting")
        with own_temporary_files(), open_run_is_ended():
            return command(**check_selection(options))
    except (Exception, KeyboardInterrupt) as error:
        stop_display()
        if not is_caused_by_interrupt(error):
            if not isinstance(error, USER_ERRORS):
                raise
            logger.debug("Traceback of the error", exc_info=True)
            raise click.ClickException(escape_message(str(error))) from error
        logger.debug("Traceback of the error", exc_info=True)
        message = str(error) if isinstance(error, KeyboardInterrupt) else ""
        click.echo(message or "Stopped.", err=True)
        raise click.exceptions.Exit(EXIT_CODE_INTERRUPTED) from error
    finally:
        stop_display()
        end_claim()


run = copy.copy(kedro_run)
run.callback = _run_quietly(kedro_run.callback)
run.params = [
    *map(with_short_errors, kedro_run.params),
    click.Option(
        ["--verbose", "-v"],
        is_flag=True,
        help="Show all messages of Kedro and TensorFlow, which are otherwise in "
        "kedro.log or hidden.",
    ),
]
cli.add_command(run)
