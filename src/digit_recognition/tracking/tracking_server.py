"""Connect to an experiment on MLflow, through a server or directly to a database."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from digit_recognition.errors import ProjectError

from .tracking_parameters import TrackingParameters

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
ARTIFACTS = "mlartifacts"
"""The name of the folder for artifacts, if there is no server. For an SQLite database,
the folder is beside the database. For other databases, it is in the project's
folder."""

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""The tag that tells MLflow what the experiment is about. With this tag, MLflow's page
shows training runs instead of conversations with a language model."""

MAX_WAIT = 3.0
"""Maximum time, in seconds, to wait for the server's first answer."""

ENVIRONMENT = {
    # By default, MLflow sends usage data.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # The project configures the logging of MLflow's messages.
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
DEFAULTS = {
    # By default, MLflow waits many minutes for a server: 120 seconds, eight times.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}
"""Environment variables that are set only if the user has not set them."""


class NoConnection(ConnectionError):  # noqa: N818 (the run goes on without it)
    """Raised if the server does not answer. The message gives the reason."""


@dataclass(frozen=True)
class Connection:
    """A connection to an experiment on MLflow.

    ``uri`` is the URI of the database or the server.
    """

    client: MlflowClient
    uri: str
    experiment_id: str

    @property
    def is_server(self) -> bool:
        """Whether ``uri`` is the address of a server, not of a database."""
        return is_server(self.uri)


def connect(parameters: TrackingParameters, project: Path) -> Connection:
    """Return a connection to the experiment; create the experiment if it is missing.

    ``project`` is the project's folder. The environment variable MLFLOW_TRACKING_URI
    replaces ``parameters.tracking_uri``. This function also sets environment variables
    for this process: all in ENVIRONMENT, and those in DEFAULTS that are not set yet.

    Raises ProjectError if MLflow is not installed, and NoConnection if the server does
    not answer within MAX_WAIT seconds. If MLflow refuses the connection, it raises its
    own errors.
    """
    if find_spec("mlflow") is None:
        raise ProjectError(
            "expected the packages of the extra `mlflow`, found no mlflow; install "
            "them with `pip install -r requirements-mlflow.txt`"
        )
    uri = tracking_uri(parameters, project)
    if is_server(uri):
        check_server(uri)
    os.environ.update(ENVIRONMENT)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient, MlflowException

    client = MlflowClient(uri, uri)
    name = parameters.experiment
    location = None if is_server(uri) else _place_of_artifacts(uri, project)
    if experiment := client.get_experiment_by_name(name):
        return Connection(client, uri, experiment.experiment_id)
    try:
        return Connection(client, uri, client.create_experiment(name, location, KIND))
    except MlflowException:  # another run has just created it
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            raise
        return Connection(client, uri, experiment.experiment_id)


def tracking_uri(parameters: TrackingParameters, project: Path) -> str:
    """Return the URI of the database or server, with an absolute path for SQLite.

    In this example, ``parameters.tracking_uri`` is ``sqlite:///mlflow.db``:

    >>> tracking_uri(parameters, Path("/project"))
    'sqlite:////project/mlflow.db'
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or parameters.tracking_uri
    if not uri.startswith(SQLITE):
        return uri.rstrip("/")
    return f"{SQLITE}{(project / uri.removeprefix(SQLITE)).as_posix()}"


def _place_of_artifacts(uri: str, project: Path) -> str:
    database = uri.removeprefix(SQLITE)
    folder = project if database == uri else Path(database).parent
    return (folder / ARTIFACTS).as_uri()


def is_server(uri: str) -> bool:
    """Return whether a URI is the address of a server, not of a database.

    >>> is_server("http://127.0.0.1:5000"), is_server("sqlite:///mlflow.db")
    (True, False)
    """
    return uri.startswith(("http://", "https://"))


def check_server(uri: str) -> None:
    """Raise NoConnection if no server answers at the address ``uri``.

    Any HTTP status counts as an answer.
    """
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=MAX_WAIT):  # noqa: S310 (http)
            return
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NoConnection(f"{uri} does not answer ({reason})") from error
