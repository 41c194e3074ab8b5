"""People's own pictures: a folder of them, or one file."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from kedro.io import AbstractDataset, DatasetError

SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff"),
    *(".bmp", ".dib", ".gif", ".webp"),
}
HOW = (
    "put pictures into data/01_raw/pictures, or name a folder or file of yours: "
    "kedro run --pipeline read --params pictures=FOLDER"
)


class Picture(NamedTuple):
    """A picture to read; ``reason`` says why not, where a folder cannot be opened."""

    name: str
    """Its path below the folder, with slashes: unlike any other's."""

    path: Path
    reason: str = ""


class Pictures:
    """Pictures in the order of their names, page2 before page10.

    They can be iterated again. ``skipped`` counts the files beside them, hidden or
    without a picture's suffix.
    """

    def __init__(self, folder: Path, reasons: dict[str, str], skipped: int):
        self.folder = folder
        self.skipped = skipped
        self._reasons = {name: reasons[name] for name in sorted(reasons, key=_order)}

    def __len__(self) -> int:
        return len(self._reasons)

    def __iter__(self) -> Iterator[Picture]:
        for name, reason in self._reasons.items():
            yield Picture(name, self.folder / name, reason)


class PicturesDataset(AbstractDataset[NoReturn, Pictures]):
    """Pictures in a local folder and the folders below it, or the one of a file.

    Links are followed, to each folder once.

    Example of an entry in ``catalog.yml``::

        pictures:
          type: digit_recognition.datasets.PicturesDataset
          filepath: data/01_raw/pictures
    """

    def __init__(
        self,
        *,
        filepath: str | None,
        hint: str = HOW,
        metadata: dict[str, Any] | None = None,
    ):
        """``filepath`` is the folder, or one file of any suffix; None for none.

        ``hint`` ends the messages about missing pictures: it says what to do.
        """
        self._path = None if filepath is None else Path(filepath)
        self._hint = hint
        self.metadata = metadata

    def load(self) -> Pictures:
        """The pictures, none of which is opened yet.

        Raises DatasetError where there is no picture, or nothing at all.
        """
        if self._path is None:
            return Pictures(Path(), {}, 0)
        try:
            is_folder = stat.S_ISDIR(self._path.stat().st_mode)
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"expected a picture or a folder at {self._path}, received: "
                f"{_said(error)}; {self._hint}"
            ) from error
        if not is_folder:
            return Pictures(self._path.parent, {self._path.name: ""}, 0)
        reasons, skipped = _walk(self._path)
        if "" in reasons:
            raise DatasetError(
                f"expected pictures in {self._path}, received: {reasons['']}; allow "
                "it, or name another folder"
            )
        if not reasons:
            raise DatasetError(
                f"expected PNG, JPEG, TIFF, BMP, GIF or WebP in {self._path}, received "
                + (f"none among {skipped:,} files" if skipped else "an empty folder")
                + f"; {self._hint}"
            )
        return Pictures(self._path, reasons, skipped)

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro names it)
        """Refused: people's pictures are read only."""
        raise DatasetError("expected to be loaded only: the pictures are yours")

    def _exists(self) -> bool:
        return self._path is None or self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._path and str(self._path)}


def _walk(top: Path) -> tuple[dict[str, str], int]:
    """The names of pictures, and of folders with why they cannot be opened.

    Also how many files were skipped. Links wait until all else is walked, so that what
    can be reached in two ways has the name of the straight one.
    """
    reasons: dict[str, str] = {}
    skipped = 0
    seen = set()
    folders, links = deque([""]), deque()
    while folders or links:
        prefix = folders.popleft() if folders else links.popleft()
        try:
            found = (top / prefix).stat()
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
            with os.scandir(top / prefix) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            reasons[prefix.rstrip("/")] = _said(error)
            continue
        for entry in entries:
            name = prefix + entry.name
            hidden = entry.name.startswith(".")
            if _is_folder(entry):
                if not hidden:
                    (links if entry.is_symlink() else folders).append(f"{name}/")
            elif not hidden and Path(name).suffix.lower() in SUFFIXES:
                reasons[name] = ""
            else:
                skipped += 1
    return reasons, skipped


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _order(name: str) -> tuple[list[int | str], str]:
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name
