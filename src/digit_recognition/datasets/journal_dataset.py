"""Keep a journal of finished work, so that a stopped run can resume."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

from digit_recognition.datasets.atomic import temporary_folder


class Journal:
    """Records of finished work in a folder, one JSON file per record.

    Example::

        journal.write("a1b2", {"accuracy": 0.99})
        journal.read("a1b2")  # {"accuracy": 0.99}
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        """Functions that are called with each record after it is written."""

    def read(self, key: str) -> dict[str, Any] | None:
        """Return the record with this key, or None if it is missing or damaged."""
        try:
            record = json.loads((self.folder / f"{key}.json").read_text())
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def write(self, key: str, record: dict[str, Any]) -> None:
        """Save the record under this key atomically.

        An earlier record with the same key is replaced. Raises DatasetError if the
        folder cannot be written.
        """
        try:
            with temporary_folder(self.folder) as folder:
                with (folder / "record.json").open("w") as file:
                    json.dump(record, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                Path(file.name).replace(self.folder / f"{key}.json")
        except OSError as error:
            raise DatasetError(
                f"expected to write a record into {self.folder}, received {error}; "
                "check that the folder is writable and the disk not full"
            ) from error
        for listener in self.listeners:
            listener(record)


class JournalDataset(AbstractDataset[NoReturn, Journal]):
    """A local folder with records of finished work.

    It is loaded as a ``Journal`` object, which reads and writes the files. The folder
    has no versions, because later runs use the records of earlier runs.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        """Set the folder ``filepath``, which need not exist yet.

        Raises DatasetError if ``filepath`` is not a local path.
        """
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(
                f"expected a local folder for a journal, received {filepath}; records "
                "are replaced by renaming, which object stores cannot do"
            )
        self._folder = Path(path)
        self.metadata = metadata

    def load(self) -> Journal:
        """Return the journal of the folder."""
        return Journal(self._folder)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError; records are saved with ``Journal.write``."""
        raise DatasetError(
            "expected to be loaded only: a run writes its records one by one"
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
