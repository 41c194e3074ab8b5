"""Save and load the checkpoints of training runs that are not finished."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

from digit_recognition.datasets.atomic import remove_abandoned, temporary_folder
from digit_recognition.datasets.damage import DAMAGED_FILE_ERRORS, describe_damage

logger = logging.getLogger(__name__)


class Checkpoints:
    """Checkpoints in a folder: named sets of arrays, one set per file.

    Saving a checkpoint replaces its file atomically.

    Example::

        checkpoints.save("a1b2", {"epoch": np.array(3), "weights": weights})
        checkpoints.load("a1b2")["epoch"]  # array(3)
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.listeners: list[Callable[[dict[str, np.ndarray]], None]] = []
        """Functions that are called with the arrays after a checkpoint is saved."""

    def save(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        """Save the checkpoint ``name``, and replace an earlier one of this name.

        The new file is flushed to the disk before it replaces the old file. If the
        process is killed, either the old or the new file remains, and it is complete.
        Raises DatasetError if the folder cannot be written.
        """
        try:
            with temporary_folder(self.folder) as folder:
                with (folder / "arrays.npz").open("wb") as file:
                    np.savez(file, **arrays)  # type: ignore[arg-type] # no allow_pickle
                    file.flush()
                    os.fsync(file.fileno())
                Path(file.name).replace(self._path(name))
        except OSError as error:
            raise DatasetError(
                f"expected to write a checkpoint into {self.folder}, received {error}; "
                "check that the folder is writable and the disk not full"
            ) from error
        for listener in self.listeners:
            listener(arrays)

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of the checkpoint ``name``, or None if it does not exist.

        If the file cannot be read, logs a warning, keeps the file and returns None.
        """
        try:
            with (
                self._path(name).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                return dict(arrays)
        except FileNotFoundError:
            return None
        except DAMAGED_FILE_ERRORS as error:
            logger.warning(
                "expected a checkpoint in %s, received a file that cannot be read "
                "(%s); starting from the beginning",
                self._path(name),
                describe_damage(error),
            )
            return None

    def remove(self, name: str) -> None:
        """Remove the checkpoint ``name`` and unfinished files of killed processes.

        If the folder is then empty, it is removed too.
        """
        self._path(name).unlink(missing_ok=True)
        remove_abandoned(self.folder)
        with contextlib.suppress(OSError):  # the folder is not empty, or does not exist
            self.folder.rmdir()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


class CheckpointsDataset(AbstractDataset[NoReturn, Checkpoints]):
    """A local folder of checkpoints.

    It is loaded as a ``Checkpoints`` object, which reads and writes the files. The
    folder has no versions: only finished models are versioned.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        """Set the folder ``filepath``, which need not exist yet.

        Raises DatasetError if ``filepath`` is not a local path.
        """
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(
                f"expected a local folder for checkpoints, received {filepath}; "
                "they are replaced by renaming, which object stores cannot do"
            )
        self._folder = Path(path)
        self.metadata = metadata

    def load(self) -> Checkpoints:
        """Return the checkpoints of the folder."""
        return Checkpoints(self._folder)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError; checkpoints are saved with ``Checkpoints.save``."""
        raise DatasetError(
            "expected to be loaded only: a training saves its checkpoints itself"
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
