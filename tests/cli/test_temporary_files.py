import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import ROOT

from digit_recognition.cli.temporary_files import PREFIX, own_temporary_files

WAIT = """
import sys, tempfile, time
from digit_recognition.cli.temporary_files import own_temporary_files
with own_temporary_files():
    tempfile.mkdtemp(prefix="kedro_tensorflow_tmp")
    print(tempfile.gettempdir(), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def system_folder(tmp_path, monkeypatch):
    """The folder in which programs make temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_temporary_files_are_removed_at_the_end(system_folder):
    with own_temporary_files():
        file = Path(tempfile.mkstemp()[1])
        assert file.parents[1] == system_folder
    assert list(system_folder.iterdir()) == []
    assert tempfile.gettempdir() == str(system_folder)


def test_only_what_killed_processes_left_is_removed(system_folder):
    (system_folder / "other").mkdir()
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(system_folder)}
    with subprocess.Popen(
        [sys.executable, "-c", WAIT], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        left = Path(process.stdout.readline().strip())
        with own_temporary_files():
            assert len(list(left.iterdir())) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left.name.startswith(PREFIX)
    with own_temporary_files():
        assert not left.exists()
    assert [path.name for path in system_folder.iterdir()] == ["other"]


def test_without_a_place_nothing_changes(system_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(system_folder / "file" / "tmp"))
    (system_folder / "file").write_text("")
    with own_temporary_files():
        assert tempfile.gettempdir() == str(system_folder / "file" / "tmp")
