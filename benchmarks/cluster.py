"""Pictures per second and memory of reading on a Dask cluster of this machine.

Many small pictures are read without Dask, with one worker and with two workers. Each of
these measurements runs in a new process, and each worker is a process. Each picture
shows one of MNIST's training images, dark on a light page of 56x56 pixels, as in
reading.py. The pictures are hard links to 2,000 files.

Other programs may use the processor, so the processor time of the reading processes is
measured too. Dask has the settings of the clusters that `read` starts. A second run
finds all partitions finished and reads no picture. Its partitions per second are the
limit that the driver and the scheduler set.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import psutil

from digit_recognition.runtime import processor

from common import MAX_ERROR, load_newest_reader, parse_arguments
from reading import draw_pictures

DRAWN = 2000  # number of different pictures


def link_pictures(folder: Path, count: int) -> Path:
    """Make ``count`` hard links to DRAWN pictures; return the folder of the links.

    Each subfolder has up to 10,000 links.
    """
    drawn = sorted(draw_pictures(folder, DRAWN).iterdir())
    path = folder / "scans"
    for number in range(count):
        link = path / str(number // 10_000) / f"{number}.png"
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(drawn[number % DRAWN], link)
    return path


def measure(workers: int, pictures: Path, results: Path, size: int) -> dict:
    """Measure in a new process; 0 workers means without Dask.

    ``size`` is the number of pictures per partition. Returns what ``read_alone`` or
    ``read_on_workers`` returns.
    """
    arguments = [str(workers), str(pictures), str(results), str(size)]
    done = subprocess.run(
        [sys.executable, __file__, "--measure", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the measurement failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def read_alone(pictures: Path) -> dict:
    """Read the pictures in this process, without Dask.

    Returns the seconds that reading took (``seconds``) and its processor seconds
    (``cpu``).
    """
    from digit_recognition.datasets import PicturesDataset
    from digit_recognition.recognition.reading_results import read_all

    reader = load_newest_reader(MAX_ERROR)
    found = PicturesDataset(filepath=str(pictures)).load()
    started, cpu = perf_counter(), process_time()
    read_all(found, reader)
    return {"seconds": perf_counter() - started, "cpu": process_time() - cpu}


def read_on_workers(workers: int, pictures: Path, results: Path, size: int) -> dict:
    """Read the pictures on a Dask cluster, twice.

    ``results`` is the folder of the results, and ``size`` the number of pictures per
    partition. Returns for the first run:

    - ``seconds``: the duration.
    - ``cpu``, ``driver``: the processor seconds of all workers, and of this process.
    - ``peak_mb``: the peak memory of the largest worker.

    ``finished`` is the duration of the second run. It finds all partitions finished, so
    it reads no pictures.
    """
    import dask
    import fsspec
    from distributed import Client, LocalCluster

    from digit_recognition.cluster.connection import SETTINGS
    from digit_recognition.cluster.reading import read_on_cluster
    from digit_recognition.datasets import PicturesDataset, SharedFolder
    from digit_recognition.recognition.read_parameters import ReadParameters

    reader = load_newest_reader(MAX_ERROR)
    found = PicturesDataset(filepath=str(pictures)).load()
    place = SharedFolder(fsspec.filesystem("file"), str(results))
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        parameters = ReadParameters(
            max_error=MAX_ERROR,
            scheduler=cluster.scheduler_address,
            partition_size=size,
        )
        client.run(_warm_up)
        before = sum(client.run(process_time).values())
        driver = process_time()
        started = perf_counter()
        read_on_cluster(found, "pictures", reader, parameters, place)
        seconds = perf_counter() - started
        cpu = sum(client.run(process_time).values()) - before
        driver = process_time() - driver
        peaks = client.run(_peak_mb).values()
        started = perf_counter()
        read_on_cluster(found, "pictures", reader, parameters, place)
        return {
            "seconds": seconds,
            "cpu": cpu,
            "driver": driver,
            "peak_mb": max(peaks),
            "finished": perf_counter() - started,
        }


def _warm_up() -> None:
    """Import the modules that a worker needs, so that the import is not measured."""
    import digit_recognition.cluster.reading  # noqa: F401 (the import is the purpose)


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    arguments = parse_arguments(__doc__, pictures=100_000, size=500)
    count, size = arguments.pictures, arguments.size
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = link_pictures(folder, count)
        rows = {}
        for workers in (0, 1, 2):
            results = folder / f"results-{workers}"
            rows[workers] = measure(workers, pictures, results, size)
            print(workers, rows[workers], flush=True)
            shutil.rmtree(results, ignore_errors=True)
    load = ", ".join(f"{value:.1f}" for value in psutil.getloadavg())
    print(f"\n{processor()}, {count:,} pictures, partitions of {size}, load {load}\n")
    print("| | pictures/s | processor ms/picture | driver, ms/picture | peak MB |")
    print("|---|---|---|---|---|")
    for workers, row in rows.items():
        label = f"{workers} workers" if workers else "without Dask"
        peak = f"{row['peak_mb']:.0f}" if workers else ""
        driver = f"{1000 * row['driver'] / count:.3f}" if workers else ""
        print(
            f"| {label} | {count / row['seconds']:.0f} | "
            f"{1000 * row['cpu'] / count:.2f} | {driver} | {peak} |"
        )
    partitions = -(-count // size)
    overhead = rows[1]["seconds"] / rows[0]["seconds"] - 1
    cpu_overhead = rows[1]["cpu"] / rows[0]["cpu"] - 1
    speedup = rows[1]["seconds"] / rows[2]["seconds"]
    print(
        f"\noverhead of one worker {100 * overhead:.0f} % of time, "
        f"{100 * cpu_overhead:.0f} % of processor time; two workers are "
        f"{speedup:.2f} times as fast; {partitions / rows[2]['finished']:.0f} finished "
        "partitions per second"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        workers, pictures, results, size = sys.argv[2:]
        row = (
            read_on_workers(int(workers), Path(pictures), Path(results), int(size))
            if int(workers)
            else read_alone(Path(pictures))
        )
        print(json.dumps(row))
    else:
        main()
