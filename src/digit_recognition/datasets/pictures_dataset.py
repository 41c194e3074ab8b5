"""List the pictures in a folder, or a single picture."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from kedro.io import AbstractDataset, DatasetError

from .picture_formats import format_names, picture_suffixes

HINT = (
    "put pictures into data/01_raw/pictures, or name your own folder or file: "
    "kedro run --pipelines read --params pictures=FOLDER"
)


class Picture(NamedTuple):
    """A picture to read, or a folder that cannot be opened.

    ``reason`` says why the folder cannot be opened; it is empty for a picture.
    """

    name: str
    """Unique path relative to the top folder, with slashes."""

    path: Path
    reason: str = ""


class Pictures:
    """The pictures of a folder, which can be iterated more than once.

    The pictures are sorted by name in natural order: page2 comes before page10.
    ``skipped`` is the number of skipped files: hidden files, and files without a
    picture's suffix.
    """

    def __init__(self, folder: Path, reasons: dict[str, str], skipped: int):
        self.folder = folder
        self.skipped = skipped
        names = sorted(reasons, key=_natural_order)
        self._reasons = {name: reasons[name] for name in names}

    def __len__(self) -> int:
        return len(self._reasons)

    def __iter__(self) -> Iterator[Picture]:
        for name, reason in self._reasons.items():
            yield Picture(name, self.folder / name, reason)


class PicturesDataset(AbstractDataset[NoReturn, Pictures]):
    """The pictures in a local folder and its subfolders, or a single picture file.

    Symbolic links are followed. Each folder is visited once.

    Example of an entry in ``catalog.yml``::

        pictures:
          type: digit_recognition.datasets.PicturesDataset
          filepath: data/01_raw/pictures
    """

    def __init__(
        self,
        *,
        filepath: str | None,
        hint: str = HINT,
        metadata: dict[str, Any] | None = None,
    ):
        """Set the path of a folder or file.

        A file may have any suffix. If ``filepath`` is None, the dataset is empty. Error
        messages about missing pictures end with ``hint``, which says what to do.
        """
        self._path = None if filepath is None else Path(filepath)
        self._hint = hint
        self.metadata = metadata

    def load(self) -> Pictures:
        """Return the pictures without opening them.

        Raises DatasetError if the path does not exist, cannot be opened or is a folder
        without pictures.
        """
        if self._path is None:
            return Pictures(Path(), {}, 0)
        try:
            is_folder = stat.S_ISDIR(self._path.stat().st_mode)
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"expected a picture or a folder at {self._path}, received: "
                f"{_reason_of(error)}; {self._hint}"
            ) from error
        if not is_folder:
            return Pictures(self._path.parent, {self._path.name: ""}, 0)
        reasons, skipped = _find_pictures(self._path)
        if "" in reasons:
            raise DatasetError(
                f"expected pictures in {self._path}, received: {reasons['']}; change "
                "its permissions, or name another folder"
            )
        if not reasons:
            received = f"none among {skipped:,} files" if skipped else "an empty folder"
            raise DatasetError(
                f"expected {format_names()} in {self._path}, received {received}; "
                f"{self._hint}"
            )
        return Pictures(self._path, reasons, skipped)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: the pictures are read-only."""
        raise DatasetError(
            "expected a node that only loads these pictures, received one that saves "
            "them; choose another dataset for its output"
        )

    def _exists(self) -> bool:
        return self._path is None or self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._path and str(self._path)}


def _find_pictures(top: Path) -> tuple[dict[str, str], int]:
    """Return the names found below a folder, and the number of skipped files.

    The name of a picture maps to an empty string. The name of a folder that cannot be
    opened maps to the reason. Linked folders are visited last. So if a folder can be
    reached directly and through a link, it gets its direct name.
    """
    suffixes = picture_suffixes()
    reasons: dict[str, str] = {}
    skipped = 0
    visited = set()
    folders: deque[str] = deque([""])
    links: deque[str] = deque()
    while folders or links:
        prefix = folders.popleft() if folders else links.popleft()
        try:
            status = (top / prefix).stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(top / prefix) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            reasons[prefix.rstrip("/")] = _reason_of(error)
            continue
        for entry in entries:
            name = prefix + entry.name
            hidden = entry.name.startswith(".")
            if _is_folder(entry):
                if not hidden:
                    (links if entry.is_symlink() else folders).append(f"{name}/")
            elif not hidden and Path(name).suffix.lower() in suffixes:
                reasons[name] = ""
            else:
                skipped += 1
    return reasons, skipped


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that points to itself
        return False


def _reason_of(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _natural_order(name: str) -> tuple[list[int | str], str]:
    """Return a sort key that compares numbers within names by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name
