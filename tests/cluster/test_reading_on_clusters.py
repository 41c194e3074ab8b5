"""Pictures read by the processes of a Dask cluster."""

import logging
import os
import random
from pathlib import Path
from threading import Thread

import dask
import pandas as pd
import pytest
from clusters import (
    changed_decoding,
    deadly_picture,
    draw_pictures,
    part_files,
    read,
    slow_workers,
    wait_for,
)
from distributed import Client, LocalCluster, Status
from PIL import Image
from small_model import write_model

from digit_recognition.cluster import reading
from digit_recognition.cluster.connection import SETTINGS
from digit_recognition.datasets import (
    PicturesDataset,
    SharedFolder,
    SharedFolderDataset,
)
from digit_recognition.datasets.picture_folder import PictureFolder
from digit_recognition.models.onnx_sessions import open_session
from digit_recognition.pipelines.read.annotating import annotate_pictures
from digit_recognition.recognition.read_parameters import ReadParameters
from digit_recognition.recognition.reader import load_reader
from digit_recognition.recognition.reading_results import read_all

pytestmark = pytest.mark.runs

COUNT = 38  # with the two others, ten partitions of four


@pytest.fixture(scope="module")
def reader(tmp_path_factory, digits):
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    write_model(path, digits)
    return load_reader(open_session(path.read_bytes(), intra_op_num_threads=1), 0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, page_of):
    return draw_pictures(tmp_path_factory.mktemp("scans") / "scans", page_of, COUNT)


@pytest.fixture(scope="module")
def expected(folder, reader):
    """What one process reads."""
    return read_all(PicturesDataset(filepath=str(folder)).load(), reader)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes, with a scheduler that repeats a killed task once."""
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture
def address(cluster, client):
    client.wait_for_workers(2, timeout=300)
    return cluster.scheduler_address


def assert_same(results, expected):
    """The tables are the same as CSV, byte for byte, and so are the counts."""
    for name in ("readings", "digits"):
        table, other = getattr(results, name), getattr(expected, name)
        assert table.to_csv(index=False) == other.to_csv(index=False)
    assert results.counts == expected.counts
    assert list(results.pages.items()) == list(expected.pages.items())


def test_the_rows_are_those_of_one_process_byte_for_byte(
    address, folder, reader, expected, tmp_path
):
    results, parts = read(folder, reader, tmp_path, address)
    assert expected.counts["accepted"] > 0
    assert expected.pages == {"two.tif": [0, 1]}
    assert_same(results, expected)
    assert len(part_files(tmp_path)) == 10
    assert Path(parts.path, "_SUCCESS").exists()
    for name in ("readings", "digits"):
        table = pd.read_parquet(Path(parts.path, name))
        assert table.to_csv() == getattr(expected, name).to_csv()


def test_pictures_and_results_may_be_in_a_bucket(
    address, folder, reader, expected, bucket
):
    bucket.put({f"scans/{f.name}": f.read_bytes() for f in folder.iterdir()})
    pictures = PicturesDataset(
        filepath=f"{bucket.url}/scans", credentials=bucket.options
    ).load()
    place = SharedFolderDataset(
        filepath=f"{bucket.url}/results", credentials=bucket.options
    ).load()
    results, parts = read(pictures, reader, place, address)
    assert_same(results, expected)
    found = bucket.filesystem.ls(f"{parts.path}/readings")
    assert len(found) == 10
    assert pictures.skipped == 1


def test_finished_partitions_are_not_read_again_unless_a_picture_changes(
    address, folder, reader, expected, tmp_path
):
    read(folder, reader, tmp_path, address)
    before = [path.stat().st_mtime_ns for path in part_files(tmp_path)]
    part_files(tmp_path)[3].unlink()
    part_files(tmp_path)[6].write_bytes(b"half")
    (folder / "page10.png").touch()
    again, _ = read(folder, reader, tmp_path, address)
    assert_same(again, expected)
    after = [path.stat().st_mtime_ns for path in part_files(tmp_path)]
    changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    # page10.png is the twelfth: after =1.png, page0.png to page9.png
    assert changed == [2, 3, 7]


def test_a_table_with_too_many_rows_is_only_in_the_partitions(
    address, folder, reader, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr(reading, "MAX_ROWS", len(expected.readings))
    results, parts = read(folder, reader, tmp_path, address)
    assert len(expected.digits) > len(expected.readings)
    assert results.readings.equals(expected.readings)
    assert list(results.digits) == list(expected.digits)
    assert len(results.digits) == 0
    assert len(pd.read_parquet(Path(parts.path, "digits"))) == len(expected.digits)


def test_workers_killed_at_ten_moments_lose_and_repeat_no_picture(
    cluster, client, address, folder, reader, expected, tmp_path
):
    rng = random.Random(5)  # noqa: S311 (no secret)
    moments = sorted(rng.sample(range(1, 40), 10))
    done = []

    def kill():
        for moment in moments:
            wait_for(lambda moment=moment: len(part_files(tmp_path)) >= moment)
            wait_for(lambda: _processes(cluster))
            rng.choice(_processes(cluster)).kill()
            done.append(moment)

    with slow_workers(client, 0.05):
        killer = Thread(target=kill)
        killer.start()
        results, _ = read(folder, reader, tmp_path, address, size=1)
        killer.join()
    assert done == moments
    assert_same(results, expected)


def _processes(cluster):
    """The processes of running workers; one killed as it starts is not restarted."""
    import psutil

    nannies = cluster.workers.values()
    pids = [nanny.pid for nanny in nannies if nanny.status is Status.running]
    return [psutil.Process(pid) for pid in pids if pid and psutil.pid_exists(pid)]


def test_a_worker_that_joins_late_takes_part(
    cluster, client, address, folder, reader, expected, tmp_path
):
    cluster.scale(1)
    wait_for(lambda: len(client.nthreads()) == 1)
    processes = tmp_path / "processes"
    processes.mkdir()

    def leave_trace(_):
        (processes / str(os.getpid())).touch()
        if len(part_files(tmp_path)) > 1:
            wait_for(lambda: len(list(processes.iterdir())) == 2)

    def join():
        wait_for(lambda: part_files(tmp_path))
        cluster.scale(2)

    with changed_decoding(client, leave_trace):
        late = Thread(target=join)
        late.start()
        results, _ = read(folder, reader, tmp_path, address, size=1)
        late.join()
    assert_same(results, expected)
    assert len(list(processes.iterdir())) == 2


def test_a_picture_that_kills_workers_is_set_aside_after_two_tries(
    client, address, folder, reader, expected, tmp_path
):
    with deadly_picture(client, str(folder / "page5.png")):
        results, _ = read(folder, reader, tmp_path, address)
        again, _ = read(folder, reader, tmp_path, address)
    for found in (results, again):
        table = found.readings.set_index("picture")
        assert table.loc["page5.png", "number"] == ""
        assert table.loc["page5.png", "reason"] == (
            "ended the process that read it, 2 times"
        )
        others = expected.readings.set_index("picture").drop("page5.png")
        assert table.drop("page5.png").equals(others)


def test_workers_draw_what_they_have_read(address, folder, reader, tmp_path):
    results, parts = read(folder, reader, tmp_path / "parts", address, size=25)
    pictures = PicturesDataset(filepath=str(folder)).load()
    summary = {"parquet": parts.path, "pages": results.pages}
    parameters = ReadParameters(max_error=0.01, scheduler=address, partition_size=25)
    save = annotate_pictures(
        *(pictures, results.readings, results.digits, summary, parameters),
        SharedFolder(parts.filesystem, "elsewhere"),
    )
    drawn = tmp_path / "drawn"
    save(PictureFolder(parts.filesystem, str(drawn), {"format": "PNG"}))
    # The catalog loads the column from a CSV file as bool.
    readings = results.readings.assign(accepted=results.readings["accepted"] == "true")
    alone = annotate_pictures(
        *(pictures, readings, results.digits, summary),
        ReadParameters(max_error=0.01),
    )
    by_name = {
        path.relative_to(drawn / path.relative_to(drawn).parts[0]): path
        for path in drawn.rglob("pictures/*.png")
    }
    count = 0
    for name, image in alone:
        if name.startswith("pictures/"):
            count += 1
            path = by_name[Path(name if name.endswith(".png") else f"{name}.png")]
            with Image.open(path) as other:
                assert other.tobytes() == image.tobytes()
    assert count == len(by_name) == 40
    sheets = sorted(path.relative_to(drawn) for path in drawn.rglob("sheets/*"))
    assert [str(sheet) for sheet in sheets] == [
        "part-0000000/sheets/0001.png",
        "part-0000001/sheets/0001.png",
    ]
