"""The project's commands: ``kedro run`` with short messages for mistakes."""

from .run_command import cli, run

__all__ = ["cli", "run"]
