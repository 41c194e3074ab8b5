"""What the tests of reading on a cluster share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import fsspec
from PIL import Image

from digit_recognition.datasets import PicturesDataset, SharedFolder
from digit_recognition.recognition.read_parameters import ReadParameters


def draw_pictures(folder: Path, page_of, count: int) -> Path:
    """Draw pictures of one to three digits, and a few that cannot be read."""
    folder.mkdir()
    for number in range(count):
        page = page_of(str(number * 37 % 1000), number % 40)
        Image.fromarray(page).save(folder / f"page{number}.png")
    (folder / "=1.png").write_text("no picture")
    (folder / "notes.txt").touch()
    pages = [Image.fromarray(page_of(number)) for number in ("7", "12")]
    pages[0].save(folder / "two.tif", save_all=True, append_images=pages[1:])
    return folder


def read(pictures, reader, place, scheduler="local", size=4):
    """Read the pictures on a cluster into a folder."""
    from digit_recognition.cluster.reading import read_on_cluster

    if isinstance(pictures, Path):
        pictures = PicturesDataset(filepath=str(pictures)).load()
    if isinstance(place, Path):
        place = SharedFolder(fsspec.filesystem("file"), str(place))
    parameters = ReadParameters(
        max_error=0.01, scheduler=scheduler, partition_size=size
    )
    return read_on_cluster(pictures, "pictures", reader, parameters, place)


def part_files(place: Path) -> list[Path]:
    """The files of readings that are finished, in order."""
    return sorted(place.glob("*/readings/part-*.parquet"))


def wait_for(condition, seconds=300) -> None:
    """Wait until the condition holds."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "waited in vain"
        sleep(0.01)


@contextmanager
def changed_decoding(client, before_decoding: Callable) -> Iterator[None]:
    """Let all workers call a function before each picture, also workers to come."""
    from distributed import WorkerPlugin

    class Plugin(WorkerPlugin):
        def setup(self, worker):  # noqa: ARG002 (Dask sets the signature)
            from digit_recognition.recognition import reading_results

            decode = reading_results.decode

            def decode_later(source):
                before_decoding(source)
                return decode(source)

            reading_results.decode = decode_later

    client.register_plugin(Plugin(), "changed")
    yield
    client.unregister_worker_plugin("changed")
    client.restart()


def slow_workers(client, seconds: float):
    """Let the workers sleep before each picture."""
    return changed_decoding(client, lambda _: sleep(seconds))


def deadly_picture(client, name: str):
    """Let each worker kill itself when it decodes the picture of this name."""

    def kill(source):
        if str(source) == name:
            os.kill(os.getpid(), 9)

    return changed_decoding(client, kill)
