"""The project's `kedro` commands: run, app, mlflow-upload, prune and verify."""

from .app_command import app
from .mlflow_upload_command import mlflow_upload
from .prune_command import prune
from .run_command import cli, run
from .verify_command import verify

cli.add_command(app)
cli.add_command(mlflow_upload)
cli.add_command(prune)
cli.add_command(verify)

__all__ = ["app", "cli", "mlflow_upload", "prune", "run", "verify"]
