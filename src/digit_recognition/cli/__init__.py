"""The project's commands: `run` with short messages, `app`, `prune` and `verify`."""

from .app_command import app
from .prune_command import prune
from .run_command import cli, run
from .verify_command import verify

cli.add_command(app)
cli.add_command(prune)
cli.add_command(verify)

__all__ = ["app", "cli", "prune", "run", "verify"]
