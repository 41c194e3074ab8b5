"""Nothing is sent, and nothing is written outside of the project."""

import signal
import sys

import pytest
from conftest import ROOT, Project
from no_lookups import run_without_lookups
from PIL import Image

pytestmark = [
    pytest.mark.runs,
    pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux'"),
]

PIPELINES = ("read", "explain", "robustness", "compare")
"""Those that are not in `kedro run`."""
RESULTS_AND_LOGS = {"data", "kedro.log", ".viz"}
LIBRARIES_CACHES = {"keras.json", "fontlist"}
"""What Keras and Matplotlib keep for their next start. It holds no id."""


def files_outside_data(project):
    """Return the content of the project's files, but not of its results and logs."""
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file()
        and path.relative_to(project.folder).parts[0] not in RESULTS_AND_LOGS
    }


def left_in(home):
    """Return what remains in a user's folders, without the random ends of names."""
    return {path.name.partition("-")[0] for path in home.rglob("*") if path.is_file()}


def test_a_run_looks_up_no_name_and_writes_nothing_outside_of_data(trained, tmp_path):
    """Not even in a copy of the project without the file that refuses telemetry."""
    assert trained.output  # the run was not killed
    before = files_outside_data(Project(tmp_path / "project"))
    del before[".telemetry"]
    assert files_outside_data(trained) == before
    assert left_in(trained.home) <= LIBRARIES_CACHES


def test_no_other_pipeline_does(project_after_run, tmp_path, digits):
    project = project_after_run
    (project.folder / ".telemetry").unlink()
    picture = project.folder / "data" / "01_raw" / "one.png"
    Image.fromarray(255 - digits["x_train"][0]).save(picture)
    before = files_outside_data(project)
    done = run_without_lookups(
        tmp_path / "home",
        *("--wait", "kedro", "run", "--pipelines", ",".join(PIPELINES)),
        *("--params", "pictures=data/01_raw/one.png"),
        cwd=project.folder,
    )
    assert done.returncode == 0, done.stderr
    stages = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert stages >= set(PIPELINES)
    assert files_outside_data(project) == before
    assert left_in(tmp_path / "home") <= LIBRARIES_CACHES


def test_the_watch_notices_a_name_look_up(tmp_path):
    code = "import socket; socket.getaddrinfo('digits.invalid', 80)"
    command = ("timeit", "-n", "1", "-r", "1", code)
    done = run_without_lookups(tmp_path, *command, cwd=ROOT)
    assert done.returncode == -signal.SIGSYS


def test_a_command_of_kedro_sends_nothing_either(project, tmp_path):
    (project.folder / ".telemetry").unlink()
    before = files_outside_data(project)
    command = ("kedro", "registry", "list")
    done = run_without_lookups(tmp_path / "home", *command, cwd=project.folder)
    assert done.returncode == 0, done.stderr
    assert files_outside_data(project) == before
