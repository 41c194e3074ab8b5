"""Configure logging: warnings go to the terminal, all messages to the log file."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.project import LOGGING

from digit_recognition.datasets.csv_safety import escape_message
from digit_recognition.errors import ProjectError

CONFIG = Path("conf", "logging.yml")


class EscapingFormatter(logging.Formatter):
    """Formats as ``formatter`` does, and escapes characters that control a terminal."""

    def __init__(self, formatter: logging.Formatter):
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """Return the message with its unprintable characters escaped."""
        return escape_message(self._formatter.format(record))


def configure_logging(project: Path, *, verbose: bool) -> None:
    """Apply the project's ``conf/logging.yml``, whatever the current folder is.

    Kedro itself looks for the file in the current folder only. The file handlers write
    into the project's folder. With ``verbose``, the terminal also shows Kedro's
    messages. Raises ProjectError if the log cannot be written.

    Nothing changes if the environment variable KEDRO_LOGGING_CONFIG is set, or if the
    file does not exist, as in an installed wheel.
    """
    path = project / CONFIG
    if os.environ.get("KEDRO_LOGGING_CONFIG") or not path.is_file():
        return
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for handler in config["handlers"].values():
        if "filename" in handler:
            handler["filename"] = str(project / handler["filename"])
            _check_writable(Path(handler["filename"]))
    if verbose:
        for logger in config["loggers"].values():
            if not logger.get("propagate", True):
                logger["propagate"] = True
                logger["handlers"] = []
    LOGGING.configure(config)
    # Kedro accepts only Python's own formatters in the configuration.
    for name in ("", *config["loggers"]):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(
                EscapingFormatter(handler.formatter or logging.Formatter())
            )


def _check_writable(log: Path) -> None:
    try:
        with log.open("a"):
            pass
    except OSError as error:
        raise ProjectError(
            f"expected to write the log {log}, received {error.strerror}; make the "
            "folder writable, or set KEDRO_LOGGING_CONFIG to another configuration"
        ) from error
