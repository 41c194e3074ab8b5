"""`kedro app`, mostly without its server."""

import os
import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from conftest import run_python

from digit_recognition.cli import app_command
from digit_recognition.cli.app_command import app


@pytest.fixture
def kedro_app(small_project, monkeypatch):
    """Return a function that runs the command in the small project."""
    (small_project / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(small_project)

    def run(*options):
        return CliRunner(catch_exceptions=False).invoke(app, ["--no-browser", *options])

    return run


def test_without_the_extra_the_command_says_what_to_install(kedro_app, monkeypatch):
    monkeypatch.setattr(app_command, "PACKAGES", ("fastapi", "gradio_of_nobody"))
    done = kedro_app()
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: expected the packages of the extra `app`, found no gradio_of_nobody; "
        'install them with `pip install -e ".[app]"`\n'
    )


def test_the_commands_are_imported_without_the_extra():
    done = run_python(
        "import sys, digit_recognition.cli\n"
        "print({'gradio', 'fastapi_offline', 'python_multipart'} & set(sys.modules))"
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


def test_a_port_in_use_is_one_sentence(kedro_app):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = kedro_app("--port", str(taken.getsockname()[1]))
    assert done.exit_code == 1
    assert "Address already in use; choose another with --port" in done.stderr


def test_a_host_of_nobody_is_one_sentence(kedro_app):
    done = kedro_app("--host", "203.0.113.7")
    assert done.exit_code == 1
    assert "expected to serve on 203.0.113.7, port 8000" in done.stderr


def test_an_unknown_model_is_one_sentence(kedro_app):
    done = kedro_app("--model-version", "2020")
    assert done.exit_code == 1
    assert "received '2020'; existing: 2026-01-01T00.00.00.000Z" in done.stderr


def test_a_project_without_a_model_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner(catch_exceptions=False).invoke(app, ["--no-browser"])
    assert done.exit_code == 1
    assert "found none; train and export one with `kedro run`" in done.stderr


@pytest.mark.runs
def test_the_command_serves_until_ctrl_c_and_leaves_no_file(
    project, small_project, tmp_path
):
    """The API answers, then the page; both end with Ctrl-C, also with an open page."""
    (project.folder / "data").symlink_to(small_project / "data")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = ("-m", "kedro", "app", "--port", "0", "--no-browser")
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=project.folder,
        env=os.environ
        | {"PYTHONPATH": str(project.folder / "src"), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = re.search(r"The page is at (http://127\.0\.0\.1:\d+),", line)[1]
        with urlopen(f"{address}/health", timeout=10) as answer:
            assert b"2026-01-01" in answer.read()
        with urlopen(address, timeout=10) as answer:
            assert b"gradio" in answer.read()
        stream = urlopen(f"{address}/gradio_api/heartbeat/page", timeout=10)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        stream.close()
    finally:
        process.kill()
    assert process.returncode == 0
    assert errors == "Stopped.\n"
    assert list(temporary.iterdir()) == []
