"""The project's commands: ``kedro run`` with short messages, and ``kedro app``."""

from .app_command import app
from .run_command import cli, run

cli.add_command(app)

__all__ = ["app", "cli", "run"]
