import shutil

import pytest
from click.testing import CliRunner
from conftest import ROOT, run_python
from kedro.framework.project import LOGGING

from digit_recognition.cli import app_command, run_command
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


def test_characters_that_change_a_terminal_are_escaped_in_every_message(tmp_path):
    (tmp_path / "conf").mkdir()
    shutil.copy(ROOT / "conf" / "logging.yml", tmp_path / "conf")
    done = run_python(
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from digit_recognition.cli.logs import configure_logging\n"
        "configure_logging(Path.cwd(), verbose=False)\n"
        "for name in ('kedro', 'digit_recognition'):\n"
        "    logging.getLogger(name).warning('%s\\nb', 'a\\x1b[2J\\u202e')\n",
        cwd=tmp_path,
    )
    assert "WARNING: a\\x1b[2J\\u202e\nb" in done.stderr
    log = (tmp_path / "kedro.log").read_text(encoding="utf-8")
    assert log.count(": a\\x1b[2J\\u202e\nb\n") == 2


@pytest.mark.parametrize("module", [app_command, run_command])
def test_errors_show_no_raw_control_characters(module, monkeypatch):
    def refuse(*_, **__):
        raise ProjectError("expected a file, received a\x1b[2J\u202e.png")

    monkeypatch.setattr(module, "configure_logging", refuse)
    command = app_command.app if module is app_command else run_command.run
    done = CliRunner().invoke(command, ["--verbose"] if module is run_command else [])
    assert done.exit_code == 1
    assert "received a\\x1b[2J\\u202e.png" in done.stderr
