"""Read pictures on a cluster: run the workers' tasks and collect the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pandas as pd

from digit_recognition.datasets import Partition, Pictures, SharedFolder
from digit_recognition.recognition.read_parameters import ReadParameters
from digit_recognition.recognition.reader import Reader
from digit_recognition.recognition.reading_results import ReadingResults, read_all

from .connection import LOCAL, open_client
from .dispatch import run_parts
from .job import own_versions, registered_reader, worker_reader
from .part_files import SCHEMAS, PartFolder

MAX_ROWS = 1_000_000
"""Maximum number of rows in a table that ``read_on_cluster`` returns. Excel's limit is
1,048,576 rows."""


def read_on_cluster(
    pictures: Pictures,
    path: str,
    reader: Reader,
    parameters: ReadParameters,
    place: SharedFolder,
) -> tuple[ReadingResults, PartFolder]:
    """Read the pictures on the workers, and return the results and their folder.

    The rows and their order are the same as in the results of ``read_all``. However, a
    table that would have more than MAX_ROWS rows is returned empty. The files in the
    returned folder have all rows of every table.

    ``path`` is the path of the pictures. The returned folder is a subfolder of
    ``place``. A later run uses the same subfolder if the path, the model, the
    acceptance rule, the partition size and the versions of the packages are the same.

    Raises ProjectError if the cluster or ``place`` cannot be used.
    """
    with (
        open_client(parameters.scheduler or LOCAL) as client,
        registered_reader(client, reader) as name,
    ):
        job = {
            "pictures": path,
            "model": reader.model_digest,
            "rule": parameters.rule(),
            "partition_size": parameters.partition_size,
            "versions": own_versions(),
        }
        folder = PartFolder.create(place, job)
        records = run_parts(
            client,
            pictures.partitions(parameters.partition_size),
            partial(read_part, name, folder),
            partial(probe_part, name),
        )
        shown = _shown(records, pictures, parameters.partition_size)
        return _collect(shown, folder), folder


def read_part(
    reader: str, folder: PartFolder, number: int, pictures: Partition
) -> dict[str, Any]:
    """Read partition ``number`` on a worker, save its rows, and return its record.

    ``reader`` is the name of the Dask plugin in which the worker keeps its digit
    reader. If the rows are already saved and no picture has changed since, nothing is
    read, and the saved record is returned.

    The record has four keys:

    - ``digest``: the digest of the pictures.
    - ``counts`` and ``pages``: as in ``ReadingResults``.
    - ``rows``: the number of rows of each table.
    """
    folder.check_access()
    pictures.check_access()
    digest = pictures.digest()
    record = folder.load_record(number)
    if record is not None and record["digest"] == digest:
        return record
    results = read_all(pictures, worker_reader(reader))
    tables = {"readings": results.readings, "digits": results.digits}
    record = {
        "digest": digest,
        "counts": dict(results.counts),
        "rows": {name: len(table) for name, table in tables.items()},
        "pages": results.pages,
    }
    folder.save(number, tables, record)
    return record


def probe_part(reader: str, number: int, pictures: Partition) -> None:  # noqa: ARG001 (as `read_part`)
    """Read pictures on a worker without saving anything.

    This shows whether the pictures kill the worker. ``reader`` is the name of the Dask
    plugin in which the worker keeps its digit reader. ``number`` is not used, but
    ``run_parts`` passes it to every probe.
    """
    read_all(pictures, worker_reader(reader))


def _shown(
    records: Iterator[dict], pictures: Pictures, partition_size: int
) -> Iterable[dict]:
    """Return the records unchanged, and show a progress bar while they are iterated.

    There is one record per partition. For pictures in a bucket, the bar shows no total,
    because their number is not known in advance.
    """
    from rich.progress import track

    known = isinstance(pictures, Partition)
    total = -(-len(pictures) // partition_size) if known else None
    return track(records, description="Reading", total=total)


def _collect(records: Iterable[dict], folder: PartFolder) -> ReadingResults:
    counts: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    pages: dict[str, list[int]] = {}
    partitions = 0
    for record in records:
        partitions += 1
        counts.update(record["counts"])
        rows.update(record["rows"])
        pages.update(record["pages"])
        if rows["readings"] > MAX_ROWS:
            pages.clear()
    folder.finish(partitions)
    tables = {
        name: folder.load(name) if rows[name] <= MAX_ROWS else _no_rows(name)
        for name in SCHEMAS
    }
    # Partitions finish in any order. The pages get the order of the readings.
    order = {name: place for place, name in enumerate(tables["readings"]["picture"])}
    pages = {name: pages[name] for name in sorted(pages, key=order.__getitem__)}
    return ReadingResults(tables["readings"], tables["digits"], counts, pages)


def _no_rows(table: str) -> pd.DataFrame:
    return SCHEMAS[table].empty_table().to_pandas()
