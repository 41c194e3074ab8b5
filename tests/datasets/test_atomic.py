import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT

from digit_recognition.datasets.atomic import (
    claimed_name,
    remove_abandoned,
    temporary_folder,
)

SAVE_FOREVER = """
import sys, time
from pathlib import Path
from digit_recognition.datasets.atomic import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def saving(tmp_path):
    """Another process in the middle of saving into ``tmp_path``, and its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", SAVE_FOREVER, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_folder_is_removed_whatever_ends_the_saving(tmp_path, error):
    def save():
        with temporary_folder(tmp_path) as folder:
            (folder / "half").write_text("half")
            raise error

    with pytest.raises(error):
        save()
    assert names(tmp_path) == []


def test_the_folder_is_removed_even_if_threads_go_on_writing_after_an_error(tmp_path):
    def write(folder):
        for number in range(30):
            place = folder / "chunks" / str(number)
            with contextlib.suppress(FileNotFoundError):
                place.mkdir(parents=True, exist_ok=True)
                (place / "chunk").touch()
            time.sleep(0.02)

    def save():
        with temporary_folder(tmp_path) as folder:
            thread = threading.Thread(target=write, args=(folder,))
            thread.start()
            threads.append(thread)
            raise ValueError("disk full")

    threads = []
    with pytest.raises(ValueError, match="disk full"):
        save()
    threads[0].join()
    assert names(tmp_path) == []


def test_the_next_save_removes_what_a_killed_process_left(tmp_path, saving):
    process, abandoned = saving
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in Path(abandoned).iterdir()] == ["half"]
    with temporary_folder(tmp_path) as folder:
        assert names(tmp_path) == [folder.name]
    assert names(tmp_path) == []


def test_what_a_living_process_is_writing_is_left_alone(tmp_path, saving):
    with temporary_folder(tmp_path):
        remove_abandoned(tmp_path)
        assert [path.name for path in Path(saving[1]).iterdir()] == ["half"]


def test_threads_that_save_at_once_do_not_remove_each_others_folders(tmp_path):
    def save(number):
        for _ in range(20):
            with temporary_folder(tmp_path) as folder:
                (folder / "file").write_text(str(number))
                assert (folder / "file").read_text() == str(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(4)))
    assert names(tmp_path) == []


def test_a_name_is_claimed_once_and_again_after_the_end(tmp_path):
    with claimed_name(tmp_path, "v1"), claimed_name(tmp_path, "v2"):
        with pytest.raises(FileExistsError), claimed_name(tmp_path, "v1"):
            pass
        assert sorted(names(tmp_path)) == [".saving-v1", ".saving-v2"]
    assert names(tmp_path) == []
    with claimed_name(tmp_path, "v1"):
        pass


def test_the_claim_of_a_killed_process_ends(tmp_path):
    (tmp_path / ".saving-v1").mkdir()
    with claimed_name(tmp_path, "v1"):
        assert names(tmp_path) == [".saving-v1"]
