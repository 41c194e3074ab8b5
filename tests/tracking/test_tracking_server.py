import socket
from pathlib import Path

import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.tracking import tracking_server
from digit_recognition.tracking.tracking_parameters import TrackingParameters
from digit_recognition.tracking.tracking_server import (
    NoConnection,
    connect,
    tracking_uri,
)

PARAMETERS = TrackingParameters(
    tracking_uri="sqlite:///mlflow.db",
    experiment="digits",
    register=False,
    registered_model="digits",
)


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_a_relative_database_is_in_the_folder_of_the_project():
    uri = tracking_uri(PARAMETERS, Path("/project"))
    assert uri == "sqlite:////project/mlflow.db"


def test_the_variable_replaces_the_parameter(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000/")
    uri = tracking_uri(PARAMETERS, Path("/project"))
    assert uri == "http://127.0.0.1:5000"


def test_a_server_that_accepts_and_never_answers_is_given_up_soon(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(tracking_server, "MAX_WAIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        with pytest.raises(NoConnection, match=f"{uri} does not answer .*timed out"):
            connect(PARAMETERS, tmp_path)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(tracking_server, "find_spec", {"mlflow": None}.get)
    with pytest.raises(ProjectError, match="install them with `pip install -r req"):
        connect(PARAMETERS, tmp_path)
