"""The project's commands: ``kedro run`` with short messages, ``app`` and ``prune``."""

from .app_command import app
from .prune_command import prune
from .run_command import cli, run

cli.add_command(app)
cli.add_command(prune)

__all__ = ["app", "cli", "prune", "run"]
