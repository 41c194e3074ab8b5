"""Lists of pictures: the base classes, and the pictures of a local folder."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from digit_recognition.errors import ProjectError


class Picture(NamedTuple):
    """A picture to read, or the reason why it cannot be read.

    ``reason`` is empty if the picture can be opened. A folder that cannot be opened is
    listed like a picture, with its reason.
    """

    name: str
    """Unique name: the path relative to the folder that is read, with slashes as
separators."""

    source: Path | BinaryIO
    """Path of a local file, or an open binary file."""

    reason: str = ""


class Pictures(ABC):
    """Pictures in a fixed order, which can be iterated more than once."""

    skipped: int = 0
    """Number of files that are hidden or lack the suffix of a picture format. For a
    bucket, this number is 0 until the pictures have been iterated once."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[Picture]: ...

    @abstractmethod
    def partitions(self, size: int) -> Iterator[Partition]:
        """Yield parts of ``size`` pictures each. The last part may be smaller."""


class Partition(Pictures):
    """A part of a list of pictures, which can be pickled for use in other processes.

    The names of the pictures are known before the pictures are opened. ``reasons`` has
    the names of pictures that must not be opened. It maps each name to the reason.
    """

    def __init__(self, names: Iterable[str], reasons: Mapping[str, str]):
        self.names = list(names)
        self.reasons = dict(reasons)

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def subset(self, names: list[str], reasons: Mapping[str, str]) -> Partition:
        """Return a partition that has only the pictures in ``names``.

        ``reasons`` has the names of pictures that must not be opened. It maps each name
        to the reason.
        """

    @abstractmethod
    def stamp(self, name: str) -> str:
        """Return a string that changes when the picture changes."""

    @abstractmethod
    def check_access(self) -> None:
        """Raise ProjectError if this machine cannot access the pictures' folder."""

    def partitions(self, size: int) -> Iterator[Partition]:
        """Yield parts of ``size`` pictures each. The last part may be smaller."""
        for start in range(0, len(self.names), size):
            yield self.subset(self.names[start : start + size], self.reasons)

    def set_aside(self, reasons: Mapping[str, str]) -> Partition:
        """Return a copy of this partition that does not open some of its pictures.

        ``reasons`` maps the names of these pictures to the reasons. Pictures that this
        partition does not open are not opened by the copy either. If a picture already
        has a reason, the new reason replaces it.
        """
        return self.subset(self.names, self.reasons | dict(reasons))

    def digest(self) -> str:
        """Return one SHA-256 of all pictures' names and stamps, as 64 hex digits.

        A stamp is a text that changes when its picture changes; see ``stamp``.
        """
        digest = hashlib.sha256()
        for name in self.names:
            line = f"{name}\0{self.stamp(name)}\n"
            digest.update(line.encode(errors="surrogateescape"))
        return digest.hexdigest()


class FolderPictures(Partition):
    """The pictures of a local folder.

    They are sorted by name in natural order. For example, page2 comes before page10.
    """

    def __init__(self, folder: Path, reasons: Mapping[str, str], skipped: int = 0):
        """Set the folder and its pictures.

        ``reasons`` maps the name of every picture to a text. The text is empty if the
        picture can be opened. Otherwise, it is the reason why it cannot be opened.
        ``skipped`` is the number of files that were left out.
        """
        unreadable = {name: reason for name, reason in reasons.items() if reason}
        super().__init__(sorted(reasons, key=natural_order), unreadable)
        self.folder = folder
        self.skipped = skipped

    def __iter__(self) -> Iterator[Picture]:
        for name in self.names:
            yield Picture(name, self.folder / name, self.reasons.get(name, ""))

    def subset(self, names: list[str], reasons: Mapping[str, str]) -> FolderPictures:
        """Return a partition that has only the pictures in ``names``.

        ``reasons`` has the names of pictures that must not be opened. It maps each name
        to the reason.
        """
        return FolderPictures(
            self.folder, {name: reasons.get(name, "") for name in names}
        )

    def stamp(self, name: str) -> str:
        """Return the file's size in bytes and its modification time in nanoseconds.

        If the file cannot be accessed, returns an empty text.
        """
        try:
            status = (self.folder / name).stat()
        except (OSError, ValueError):
            return ""
        return f"{status.st_size} {status.st_mtime_ns}"

    def check_access(self) -> None:
        """Raise ProjectError if the folder does not exist on this machine."""
        if not self.folder.is_dir():
            raise ProjectError(
                f"expected every worker to see the folder {self.folder}, received none "
                "on a worker's machine; share the folder, or read from a bucket"
            )


def natural_order(name: str) -> tuple[list[int | str], str]:
    """Return a sort key that ignores case and compares numbers by their value.

    >>> sorted(["page10", "Page2"], key=natural_order)
    ['Page2', 'page10']
    """
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name
