"""Nothing is sent, and nothing is written outside of the project."""

import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from PIL import Image

pytestmark = [
    pytest.mark.runs,
    pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux'"),
]

NO_LOOKUPS = ROOT / "tests" / "no_lookups.py"
PIPELINES = (
    *("prepare", "train", "evaluate", "detector", "export"),
    *("read", "explain", "robustness", "compare"),
)
RESULTS_AND_LOGS = {"data", "kedro.log", ".viz"}
LIBRARIES_CACHES = {"keras.json", "fontlist"}
"""What Keras and Matplotlib keep for their next start. It holds no id."""


def watched(home, *command, cwd=ROOT):
    """Run Python without name look-ups; all places for a user's files are in home."""
    return subprocess.run(
        [sys.executable, str(NO_LOOKUPS), *command],
        cwd=cwd,
        env={
            **{"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            **{"HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(home)},
            **{"PYTHONPATH": f"{cwd / 'src'}", "ORT_DISABLE_TELEMETRY": "0"},
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def files_outside_data(project):
    """Return the content of the project's files, but not of its results and logs."""
    return {
        str(path): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file()
        and path.relative_to(project.folder).parts[0] not in RESULTS_AND_LOGS
    }


def test_no_pipeline_looks_up_a_name_or_writes_outside_of_data(
    project_after_run, tmp_path, digits
):
    """Not even in a copy of the project without the file that refuses telemetry."""
    project = project_after_run
    (project.folder / ".telemetry").unlink()
    picture = project.folder / "data" / "01_raw" / "one.png"
    Image.fromarray(255 - digits["x_train"][0]).save(picture)
    home = tmp_path / "home"
    home.mkdir()
    before = files_outside_data(project)
    done = watched(
        home,
        *("--wait", "kedro", "run", "--pipelines", ",".join(PIPELINES), "--params"),
        "pictures=data/01_raw/one.png,train.recipes.standard.epochs=1,"
        "detector.pictures=2000,detector.epochs=1",
        cwd=project.folder,
    )
    assert done.returncode == 0, done.stderr
    stages = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert stages >= set(PIPELINES)
    assert files_outside_data(project) == before
    left = {path.name.partition("-")[0] for path in home.rglob("*") if path.is_file()}
    assert left <= LIBRARIES_CACHES


def test_the_watch_notices_a_name_look_up(tmp_path):
    code = "import socket; socket.getaddrinfo('digits.invalid', 80)"
    done = watched(tmp_path, *("timeit", "-n", "1", "-r", "1", code))
    assert done.returncode == -signal.SIGSYS


def test_a_command_of_kedro_sends_nothing_either(project, tmp_path):
    (project.folder / ".telemetry").unlink()
    before = files_outside_data(project)
    done = watched(tmp_path, "kedro", "registry", "list", cwd=project.folder)
    assert done.returncode == 0, done.stderr
    assert files_outside_data(project) == before
