"""Store results as Parquet: one file for each table and partition."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from digit_recognition.datasets import SharedFolder
from digit_recognition.datasets.bucket_pictures import remote_reason
from digit_recognition.errors import ProjectError

TEXT, INTEGER, NUMBER = pa.string(), pa.int64(), pa.float64()

SCHEMAS = {
    "digits": pa.schema(
        {
            **{"picture": TEXT, "line": INTEGER, "position": INTEGER},
            **{"digit": INTEGER, "confidence": NUMBER},
            **{"x": INTEGER, "y": INTEGER, "width": INTEGER, "height": INTEGER},
        }
    ),
    "readings": pa.schema(
        {
            **{"picture": TEXT, "line": INTEGER, "number": TEXT},
            **{"confidence": NUMBER, "accepted": TEXT, "reason": TEXT},
        }
    ),
}
"""The columns of each table. A partition is finished if it has an undamaged file for
each table, and all of these files contain the same record (see RECORD)."""

DAMAGED = (OSError, KeyError, ValueError, pa.ArrowException)
"""Errors that loading a partition's file raises if the file is missing, damaged or not
accessible. The pictures of this partition are then read again."""

JOB = "job.json"
"""Name of the file that describes the job: its pictures, its model and so on."""

FINISHED = "_SUCCESS"
"""Name of the empty file that is written after all partitions. Spark uses this name
too."""

RECORD = b"digit_recognition"
"""Key of the partition's record in the metadata of a Parquet file. The record is a
dictionary with information on the partition."""


@dataclass(frozen=True)
class PartFolder:
    """The folder in which a run saves its Parquet files.

    All workers can access it. It is in a bucket, or at a path that their machines
    share.
    """

    filesystem: AbstractFileSystem
    path: str

    @classmethod
    def create(cls, place: SharedFolder, job: dict[str, Any]) -> PartFolder:
        """Create the folder of a job in ``place``.

        ``job`` is a dictionary that describes the job and can be saved as JSON. Its
        digest is the name of the folder, so equal jobs have the same folder. If this
        folder already exists, its finished partitions are kept. Raises ProjectError if
        the folder cannot be written.
        """
        text = json.dumps(job, indent=2)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        folder = cls(place.filesystem, f"{place.path}/{name}")
        finished = f"{folder.path}/{FINISHED}"
        folder.write(f"{folder.path}/{JOB}", text.encode())
        if folder.filesystem.exists(finished):
            folder.filesystem.rm_file(finished)
        return folder

    def check_access(self) -> None:
        """Raise ProjectError if this machine cannot find the folder.

        The folder counts as found if it contains the file JOB, which ``create`` writes.
        """
        if not self.filesystem.exists(f"{self.path}/{JOB}"):
            raise ProjectError(
                f"expected every worker to see the folder {self.path}, received none "
                "on a worker's machine; share it, or let reading_partitions in the "
                "catalog be in a bucket"
            )

    def part_path(self, table: str, number: int) -> str:
        """Return the path of the file for one table of partition ``number``.

        ``table`` is a key of SCHEMAS.
        """
        return f"{self.path}/{table}/part-{number:07}.parquet"

    def save(
        self, number: int, tables: dict[str, pd.DataFrame], record: dict[str, Any]
    ) -> None:
        """Save the tables and the record of partition ``number``.

        ``tables`` has the keys of SCHEMAS. Each table is saved in its own Parquet file.
        ``record`` is any dictionary that can be saved as JSON. It is saved in the
        metadata of each of these files. Raises ProjectError with the reason if a file
        cannot be written.
        """
        metadata = {RECORD: json.dumps(record)}
        for name, schema in SCHEMAS.items():
            table = pa.Table.from_pandas(tables[name], schema, preserve_index=False)
            file = io.BytesIO()
            table = table.replace_schema_metadata(metadata)
            pq.write_table(table, file, write_page_checksum=True)
            self.write(self.part_path(name, number), file.getvalue())

    def load_record(self, number: int) -> dict[str, Any] | None:
        """Return the record that was saved with a partition, or None if there is none.

        The record is in each of the partition's files. If one of the files is missing
        or damaged, the result is None. Damage is noticed by the files' checksums.
        """
        records = []
        for table, schema in SCHEMAS.items():
            try:
                with self.filesystem.open(self.part_path(table, number), "rb") as file:
                    found = pq.read_table(file, page_checksum_verification=True).schema
                records.append(json.loads((found.metadata or {})[RECORD]))
            except DAMAGED:
                return None
            if not found.equals(schema):
                return None
        return records[0] if all(one == records[0] for one in records) else None

    def load(self, table: str, number: int | None = None) -> pd.DataFrame:
        """Return the rows of a table, for one partition or for all.

        ``table`` is a key of SCHEMAS. If ``number`` is None, the rows of all partitions
        are returned, in the order of the partitions.
        """
        place = self.part_path(table, number) if number is not None else self.path
        place = place if number is not None else f"{place}/{table}"
        dataset = pa.dataset.dataset(
            place, SCHEMAS[table], format="parquet", filesystem=self.filesystem
        )
        return dataset.to_table().to_pandas()

    def finish(self, partitions: int) -> None:
        """Remove the files that do not belong to this run, and write the file FINISHED.

        ``partitions`` is the number of partitions of this run. The removed files come
        from an earlier run that had more pictures, or from killed workers.
        """
        for table in SCHEMAS:
            kept = {self.part_path(table, number) for number in range(partitions)}
            for path in self.filesystem.find(f"{self.path}/{table}"):
                if path not in kept:
                    self.filesystem.rm_file(path)
        self.write(f"{self.path}/{FINISHED}", b"")

    def write(self, path: str, content: bytes) -> None:
        """Write a file atomically.

        A local file is written under a temporary name and then renamed. A bucket shows
        an object only when all of it has arrived. Raises ProjectError with the reason
        if the file cannot be written.
        """
        try:
            if isinstance(self.filesystem, LocalFileSystem):
                _write_local(Path(path), content)
            else:
                self.filesystem.pipe_file(path, content)
        except Exception as error:
            raise ProjectError(
                f"expected to write {path} on {platform.node()}, received: "
                f"{remote_reason(error)}; correct that and run the same command again: "
                "finished partitions are not read again"
            ) from error


def _write_local(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
