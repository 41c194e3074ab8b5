"""Clusters and places that cannot be used: one sentence each, and nothing is lost."""

import errno
import os
import signal
import socket
import subprocess
import sys
from itertools import chain, repeat
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import pytest
from clusters import draw_pictures, part_files, read, wait_for
from distributed import Client, LocalCluster
from small_model import write_model

from digit_recognition import cluster as package
from digit_recognition.cluster import connection, dispatch, job
from digit_recognition.cluster import part_files as files
from digit_recognition.datasets import PicturesDataset, SharedFolderDataset
from digit_recognition.errors import ProjectError
from digit_recognition.models.onnx_sessions import open_session
from digit_recognition.recognition.reader import load_reader
from digit_recognition.recognition.reading_results import read_all

pytestmark = pytest.mark.runs


@pytest.fixture(scope="module")
def reader(tmp_path_factory, digits):
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    write_model(path, digits)
    return load_reader(open_session(path.read_bytes(), intra_op_num_threads=1), 0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, page_of):
    return draw_pictures(tmp_path_factory.mktemp("scans") / "scans", page_of, 18)


@pytest.fixture(scope="module")
def threads():
    """A cluster whose worker is a thread of this process, so that it can be changed."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        protocol="tcp",
    ) as cluster:
        yield cluster.scheduler_address


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def refusal(*arguments):
    """The message of the error, which is one sentence."""
    with pytest.raises(ProjectError) as refused:
        read(*arguments)
    message = str(refused.value)
    assert message.startswith("expected ")
    assert "\n" not in message
    return message


def test_a_missing_package_of_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(package, "PACKAGES", ("dask", "no_such_package"))
    with pytest.raises(ProjectError, match=r"no no_such_package; install .*\[dask\]"):
        package.require_packages()


def test_an_address_without_a_scheduler_is_refused(
    folder, reader, tmp_path, monkeypatch
):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    message = refusal(folder, reader, tmp_path, address)
    assert message.startswith(f"expected a Dask scheduler at {address}, found none")


def test_a_scheduler_without_workers_is_refused(folder, reader, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "WORKER_SECONDS", 1)
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster:
        message = refusal(folder, reader, tmp_path, cluster.scheduler_address)
    assert "found none after 1 s; start some with `dask worker tcp://127" in message


def test_a_worker_with_other_versions_is_refused(
    threads, folder, reader, tmp_path, monkeypatch
):
    own = job.own_versions()
    versions = chain([own], repeat(own | {"numpy": "1.0"}))  # the run's come first
    monkeypatch.setattr(job, "own_versions", lambda: next(versions))
    message = refusal(folder, reader, tmp_path, threads)
    assert "on all workers, received 1.0 on tcp://127.0.0.1:" in message
    assert part_files(tmp_path) == []


def test_a_full_disk_of_a_worker_stops_the_run_and_keeps_what_is_finished(
    threads, folder, reader, tmp_path, monkeypatch
):
    write = files._write_local

    def write_until_full(path, content):
        if path.name == "part-0000003.parquet":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    monkeypatch.setattr(files, "_write_local", write_until_full)
    message = refusal(folder, reader, tmp_path, threads)
    assert "received: No space left on device; correct that and run" in message
    finished = [path.name for path in part_files(tmp_path)]
    assert finished == [f"part-000000{number}.parquet" for number in range(3)]
    assert not list(tmp_path.glob("*/_SUCCESS"))
    monkeypatch.setattr(files, "_write_local", write)
    results, _ = read(folder, reader, tmp_path, threads)
    expected = read_all(PicturesDataset(filepath=str(folder)).load(), reader)
    assert results.readings.equals(expected.readings)


def test_a_bucket_that_refuses_results_is_refused(
    threads, folder, reader, bucket, refuse
):
    place = SharedFolderDataset(
        filepath=f"{bucket.url}/results", credentials=bucket.options
    ).load()
    refuse()
    message = refusal(folder, reader, place, threads)
    assert f"expected to write {bucket.url.removeprefix('s3://')}/results/" in message
    assert "does not exist in our records; correct that" in message


def test_a_folder_that_a_worker_does_not_see_is_refused(
    threads, folder, reader, tmp_path
):
    pictures = PicturesDataset(filepath=str(folder)).load()
    pictures.folder = Path("/nowhere")
    message = refusal(pictures, reader, tmp_path, threads)
    assert "expected every worker to see the folder /nowhere, received none" in message


@pytest.fixture
def start():
    """Return a function that starts a scheduler with a worker on a port."""
    processes = []

    def run(*arguments):
        command = [sys.executable, "-m", "dask", *arguments]
        processes.append(
            subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
        )
        return processes[-1]

    yield run
    for process in reversed(processes):
        process.kill()
    for process in processes:
        process.wait(60)


def is_open(port):
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


def test_a_lost_scheduler_ends_the_run_which_resumes(start, folder, reader, tmp_path):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    host = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")

    def start_both():
        scheduler = start("scheduler", "--port", str(port), *host)
        start("worker", address, "--nthreads", "1", "--no-nanny", *host)
        wait_for(lambda: is_open(port))
        return scheduler

    first = start_both()

    def kill():
        wait_for(lambda: len(part_files(tmp_path)) >= 2)
        first.send_signal(signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    message = refusal(folder, reader, tmp_path, address, 1)
    killer.join()
    assert f"expected the scheduler {address} until the end, lost the" in message
    before = {path: path.stat().st_mtime_ns for path in part_files(tmp_path)}
    assert 2 <= len(before) < 20
    start_both()
    results, _ = read(folder, reader, tmp_path, address, 1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    expected = read_all(PicturesDataset(filepath=str(folder)).load(), reader)
    assert results.readings.equals(expected.readings)


def test_a_scheduler_that_has_just_gone_hides_no_other_error(reader):
    client = Mock(status="running")
    client.unregister_worker_plugin.side_effect = OSError("Timed out")
    with (
        pytest.raises(ProjectError, match="the first"),
        job.registered_reader(client, reader),
    ):
        raise ProjectError("the first")


def test_a_run_without_any_worker_left_ends(
    start, folder, reader, tmp_path, monkeypatch
):
    monkeypatch.setattr(dispatch, "PATIENCE_SECONDS", 1)
    monkeypatch.setattr(dispatch, "POLL_SECONDS", 0.5)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        address = cluster.scheduler_address
        worker = start("worker", address, "--nthreads", "1", "--no-nanny")
        client.wait_for_workers(1, timeout=60)

        def kill():
            wait_for(lambda: part_files(tmp_path))
            worker.kill()

        killer = Thread(target=kill)
        killer.start()
        message = refusal(folder, reader, tmp_path, address, 1)
        killer.join()
    assert "expected workers until the end, found none for 1 s" in message
