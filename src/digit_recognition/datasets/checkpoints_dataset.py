"""Checkpoints of trainings that have not ended yet."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile

import numpy as np
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

logger = logging.getLogger(__name__)


class Checkpoints:
    """Named sets of arrays in a folder, each one replaced whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        """Replace the checkpoint of that name; a kill at any moment leaves one whole.

        The file is written aside, brought to the disk, and renamed. Raises DatasetError
        where it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self.folder, prefix=f".{name}-", delete=False
            ) as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self._path(name))
        except OSError as error:
            raise DatasetError(
                f"expected to write a checkpoint into {self.folder}, received {error}; "
                "make room or allow it"
            ) from error

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """The arrays last saved under that name; None where there are none.

        A file that cannot be read is left where it is, with a warning, and counts as
        none.
        """
        try:
            with (
                self._path(name).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                return dict(arrays)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            logger.warning(
                "expected a checkpoint in %s, received a file that cannot be read "
                "(%s); starting from the beginning",
                self._path(name),
                error,
            )
            return None

    def remove(self, name: str) -> None:
        """Remove the checkpoint and what killed processes left of it unfinished."""
        self._path(name).unlink(missing_ok=True)
        for unfinished in self.folder.glob(f".{name}-*"):
            unfinished.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others are there, or nothing is
            self.folder.rmdir()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


class CheckpointsDataset(AbstractDataset[NoReturn, Checkpoints]):
    """A local folder of checkpoints; to load it is to be able to read and write them.

    Unversioned: versions are of what is finished.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        """``filepath`` is the folder; it need not exist. DatasetError if not local."""
        protocol, path = get_protocol_and_path(filepath)
        if protocol != "file":
            raise DatasetError(
                f"expected a local folder for checkpoints, received {filepath}; "
                "they are replaced by renaming, which object stores cannot do"
            )
        self._folder = Path(path)
        self.metadata = metadata

    def load(self) -> Checkpoints:
        """Access to the folder."""
        return Checkpoints(self._folder)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro names it)
        """Refused: a training saves its checkpoints itself, in the middle."""
        raise DatasetError("expected to be loaded only: checkpoints save themselves")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
