import shutil

import pytest
from conftest import ROOT
from kedro.framework.project import LOGGING

from digit_recognition.cli.logs import configure_logging
from digit_recognition.errors import ProjectError


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Return the configuration that is applied in a project; None if there is none."""
    applied = []
    monkeypatch.delenv("KEDRO_LOGGING_CONFIG", raising=False)
    monkeypatch.setattr(LOGGING, "configure", applied.append)
    (tmp_path / "conf").mkdir()
    shutil.copy(ROOT / "conf" / "logging.yml", tmp_path / "conf")

    def configure(verbose=False):
        configure_logging(tmp_path, verbose=verbose)
        return applied.pop() if applied else None

    return configure


def test_the_log_is_in_the_projects_folder_wherever_the_run_starts(
    configured, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path / "conf")
    filename = configured()["handlers"]["file"]["filename"]
    assert filename == str(tmp_path / "kedro.log")


def test_kedros_messages_reach_the_terminal_only_if_asked_for(configured):
    quiet, verbose = configured(), configured(verbose=True)
    assert quiet["loggers"]["kedro"]["propagate"] is False
    assert quiet["loggers"]["kedro"]["handlers"] == ["file"]
    assert verbose["loggers"]["kedro"]["propagate"] is True
    assert "terminal" in verbose["root"]["handlers"]


def test_another_configuration_is_left_alone(configured, monkeypatch):
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "other.yml")
    assert configured() is None


def test_without_the_file_nothing_is_changed(configured, tmp_path):
    (tmp_path / "conf" / "logging.yml").unlink()
    assert configured() is None


def test_a_log_that_cannot_be_written_is_named(configured, tmp_path):
    (tmp_path / "kedro.log").mkdir()
    with pytest.raises(
        ProjectError, match=r"write the log .*kedro\.log, received Is a"
    ):
        configured()
