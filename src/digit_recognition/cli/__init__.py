"""The project's commands: `kedro run` with short messages, `app`, `prune`, ..."""

from .interrupts import quiet_interrupts

quiet_interrupts()  # before the imports that take seconds

from .app_command import app  # noqa: E402
from .mlflow_upload_command import mlflow_upload  # noqa: E402
from .prune_command import prune  # noqa: E402
from .run_command import cli, run  # noqa: E402
from .verify_command import verify  # noqa: E402

cli.add_command(app)
cli.add_command(mlflow_upload)
cli.add_command(prune)
cli.add_command(verify)

__all__ = ["app", "cli", "mlflow_upload", "prune", "run", "verify"]
