"""On a cluster, draw the recognized digits onto the pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from digit_recognition.datasets import Partition, Pictures, SharedFolder
from digit_recognition.datasets.csv_safety import escape_cell
from digit_recognition.datasets.picture_folder import PictureFolder
from digit_recognition.errors import ProjectError
from digit_recognition.recognition.read_parameters import ReadParameters

from .connection import LOCAL, open_client
from .dispatch import is_poison, run_parts
from .part_files import PartFolder


def draw_on_cluster(
    pictures: Pictures,
    draw: Callable[..., Any],
    parameters: ReadParameters,
    place: SharedFolder,
    target: PictureFolder,
) -> None:
    """Run ``draw`` on the workers, and save its images in ``target``.

    Each call of ``draw(pictures, readings, digits, pages)`` gets one partition of the
    pictures and what was read on them. ``readings``, ``digits`` and ``pages`` are as in
    ``ReadingResults``, but the column ``accepted`` of ``readings`` holds bool values
    instead of text. ``draw`` yields pairs (name, image).

    ``place`` is the folder in which ``read_on_cluster`` saved its Parquet files. The
    images of each partition are saved in a subfolder such as ``part-0000012``.
    """
    folder = PartFolder(*place)
    with open_client(parameters.scheduler or LOCAL) as client:
        drawn = run_parts(
            client,
            pictures.partitions(parameters.partition_size),
            partial(draw_part, draw, folder, target),
            partial(draw_part, draw, folder, None),
        )
        for _ in drawn:
            pass


def draw_part(
    draw: Callable[..., Any],
    folder: PartFolder,
    target: PictureFolder | None,
    number: int,
    pictures: Partition,
) -> None:
    """Draw the recognized digits onto the pictures of one partition, on a worker.

    The images that ``draw`` makes are saved in ``target``. If ``target`` is None, they
    are drawn but not saved, which shows whether the pictures kill the worker. Pictures
    that killed workers during reading are not opened.

    Raises ProjectError if a picture has changed since it was read, or if ``folder`` has
    no results of the partition. If ``target`` is None, neither is checked.
    """
    record = folder.load_record(number)
    if target is not None and (not record or record["digest"] != pictures.digest()):
        raise ProjectError(
            "expected the pictures as they were read, received others; read them again"
        )
    readings, digits = folder.load("readings", number), folder.load("digits", number)
    reasons = dict(zip(readings["picture"], readings["reason"], strict=True))
    poison = {
        name: reason
        for name in pictures.names
        if is_poison(reason := reasons.get(escape_cell(name), ""))
    }
    readings["accepted"] = readings["accepted"] == "true"
    pages = record["pages"] if record else {}
    drawn = draw(pictures.set_aside(poison), readings, digits, pages)
    if target is None:
        for _ in drawn:
            pass
    else:
        target.subfolder(f"part-{number:07}").save_all(drawn)
