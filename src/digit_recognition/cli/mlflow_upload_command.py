"""`kedro mlflow-upload`: log the results of earlier runs to MLflow."""

from __future__ import annotations

from pathlib import Path

import click
from kedro.utils import find_kedro_project
from kedro.validation import ParameterValidationError

from digit_recognition.datasets.csv_safety import escape_message
from digit_recognition.errors import ProjectError

from .logs import configure_logging
from .pruning import find_versions


@click.command()
@click.argument("versions", nargs=-1, required=True, metavar="VERSION...")
@click.option(
    "--env",
    "-e",
    default="mlflow",
    show_default=True,
    help="The environment of conf/ that says where MLflow is.",
)
@click.option("--register", is_flag=True, help="Register the exported models, too.")
def mlflow_upload(versions: tuple[str, ...], env: str, register: bool) -> None:
    """Log the results of earlier runs to MLflow.

    Use this if no MLflow server was available during the runs. A VERSION is the name of
    a folder, such as 2026-01-31T12.00.00.000Z. `kedro prune` lists all versions.
    Results that are already on MLflow are not logged again.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    try:
        configure_logging(project, verbose=False)
        known = find_versions(project)
        for version in versions:
            if version not in known:
                raise ProjectError(
                    f"expected a version of results in {project / 'data'}, received "
                    f"{version!r}; `kedro prune` lists all versions"
                )
        _upload(project, env, register, {v: known[v].folders for v in versions})
    except (ProjectError, ParameterValidationError) as error:
        raise click.ClickException(escape_message(str(error))) from error


def _upload(
    project: Path, env: str, register: bool, versions: dict[str, dict[str, Path]]
) -> None:
    from digit_recognition.hooks.config_loader import ConfigLoader
    from digit_recognition.settings import CONFIG_LOADER_ARGS
    from digit_recognition.tracking.tracking_parameters import (
        GROUP,
        TrackingParameters,
    )
    from digit_recognition.tracking.tracking_server import connect
    from digit_recognition.tracking.uploading import upload

    loader = ConfigLoader(str(project / "conf"), env=env, **CONFIG_LOADER_ARGS)
    parameters = loader["parameters"]
    if GROUP not in parameters:
        raise ProjectError(
            f"expected the parameters of tracking below `{GROUP}:` in conf/{env}, "
            "received none; copy them from conf/mlflow/parameters.yml"
        )
    settings = TrackingParameters.model_validate(parameters[GROUP])
    if register:
        settings = settings.model_copy(update={"register_model": True})
    try:
        connection = connect(settings, project)
        for version, folders in versions.items():
            sentence = upload(
                connection, version, folders, parameters["read"], settings
            )
            click.echo(f"{sentence}.")
    except ProjectError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ProjectError(
            f"expected to log results to MLflow, received: {reason}; start the server, "
            "or name another one in MLFLOW_TRACKING_URI"
        ) from error
