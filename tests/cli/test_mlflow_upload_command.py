import shutil

import pytest
from click.testing import CliRunner
from conftest import ROOT

from digit_recognition.cli import cli

VERSION = "2026-01-01T00.00.00.000Z"


@pytest.fixture
def upload(tmp_path, monkeypatch):
    """Return a function that runs the command in a project with one version."""
    for env in ("base", "mlflow"):
        shutil.copytree(ROOT / "conf" / env, tmp_path / "conf" / env)
    (tmp_path / "conf" / "local").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    (tmp_path / "data/08_reporting/metrics.json" / VERSION).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def run(*options):
        command = ["mlflow-upload", *options]
        done = CliRunner(catch_exceptions=False).invoke(cli, command)
        return done.exit_code, done.stderr

    return run


def test_an_unknown_version_is_one_sentence(upload, tmp_path):
    assert upload(VERSION, "yesterday") == (
        1,
        f"Error: expected a version of results in {tmp_path / 'data'}, received "
        "'yesterday'; `kedro prune` lists all versions\n",
    )


def test_an_environment_without_tracking_is_one_sentence(upload):
    assert upload("--env", "base", VERSION) == (
        1,
        "Error: expected the parameters of tracking below `mlflow:` in conf/base, "
        "received none; copy them from conf/mlflow/parameters.yml\n",
    )


def test_a_server_that_is_down_is_one_sentence(upload, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, message = upload(VERSION)
    assert code == 1
    assert message.startswith(
        "Error: expected to log results to MLflow, received: http://127.0.0.1:9 does "
        "not answer"
    )
    assert "or name another one in MLFLOW_TRACKING_URI" in message
    assert len(message.splitlines()) == 1
