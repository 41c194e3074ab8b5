"""Pictures in a bucket, or in any other remote folder that fsspec supports."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec import AbstractFileSystem

from digit_recognition.errors import ProjectError

from .picture_formats import picture_suffixes
from .pictures import Partition, Picture, Pictures, natural_order

BATCH = 16
"""Number of pictures that are loaded at the same time, to hide network latency."""


class BucketPictures(Pictures):
    """The pictures in a remote folder and its subfolders.

    Each iteration lists the folders again. Memory holds the names of one folder and the
    contents of BATCH pictures at a time. The pictures of a folder come before the
    pictures of its subfolders. Within a folder, names are in natural order: page2 comes
    before page10.
    """

    def __init__(self, filesystem: AbstractFileSystem, folder: str):
        self._filesystem = filesystem
        self._folder = folder.rstrip("/")

    def __len__(self) -> int:
        return sum(1 for _ in self._list())

    def __iter__(self) -> Iterator[Picture]:
        for partition in self.partitions(BATCH):
            yield from partition

    def partitions(self, size: int) -> Iterator[BucketPartition]:
        """Yield the pictures in parts of ``size`` pictures; the last may be smaller.

        Raises ProjectError if a folder cannot be listed.
        """
        listed = self._list()
        while stamps := dict(islice(listed, size)):
            yield BucketPartition(self._filesystem, self._folder, stamps, {})

    def _list(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the stamp of each picture, and set ``skipped`` at the end.

        The name is the path relative to the top folder. The stamp is text that changes
        when the picture changes; see ``stamp_of``. ``skipped`` is the number of other
        files.
        """
        suffixes = picture_suffixes()
        skipped = 0
        folders = deque([""])
        while folders:
            prefix = folders.popleft()
            subfolders = []
            for name, info in self._list_folder(prefix):
                hidden = name.startswith(".")
                if info["type"] == "directory":
                    subfolders += [] if hidden else [f"{prefix}{name}/"]
                elif not hidden and PurePosixPath(name).suffix.lower() in suffixes:
                    yield prefix + name, stamp_of(info)
                else:
                    skipped += 1
            folders.extendleft(reversed(subfolders))
        self.skipped = skipped

    def _list_folder(self, prefix: str) -> list[tuple[str, dict[str, Any]]]:
        path = f"{self._folder}/{prefix}".rstrip("/")
        try:
            infos = self._filesystem.ls(path, detail=True)
        except Exception as error:
            raise ProjectError(
                f"expected to list the pictures in {path}, received: "
                f"{remote_reason(error)}; check the address and the credentials"
            ) from error
        # Some buckets have an empty object with the name of the folder.
        entries = {
            info["name"].rstrip("/").removeprefix(f"{path}/"): info
            for info in infos
            if info["name"].rstrip("/") != path
        }
        return sorted(entries.items(), key=lambda entry: natural_order(entry[0]))


class BucketPartition(Partition):
    """A partition of the pictures in a remote folder.

    ``stamps`` maps the name of each picture to its stamp, a text that changes when the
    picture changes; see ``stamp_of``. The keys of ``reasons`` are the names of pictures
    that must not be opened. The values say why.
    """

    def __init__(
        self,
        filesystem: AbstractFileSystem,
        folder: str,
        stamps: Mapping[str, str],
        reasons: Mapping[str, str],
    ):
        super().__init__(stamps, reasons)
        self._filesystem = filesystem
        self._folder = folder
        self._stamps = dict(stamps)

    def __iter__(self) -> Iterator[Picture]:
        for start in range(0, len(self.names), BATCH):
            names = self.names[start : start + BATCH]
            wanted = [name for name in names if name not in self.reasons]
            loaded = dict(zip(wanted, self._load(wanted), strict=True))
            for name in names:
                match loaded.get(name, self.reasons.get(name, "")):
                    case bytes(content):
                        yield Picture(name, io.BytesIO(content))
                    case Exception() as error:
                        reason = (
                            "expected a file that can be read, received: "
                            f"{remote_reason(error)}"
                        )
                        yield Picture(name, Path(name), reason)
                    case reason:
                        yield Picture(name, Path(name), reason)

    def _load(self, names: list[str]) -> list[bytes | Exception]:
        # `cat` would treat * and ? in names as wildcards.
        paths = [f"{self._folder}/{name}" for name in names]
        return self._filesystem.cat_ranges(paths, None, None, on_error="return")

    def subset(self, names: list[str], reasons: Mapping[str, str]) -> BucketPartition:
        """Return a partition that has only the pictures in ``names``.

        The keys of ``reasons`` are the names of pictures that must not be opened. The
        values say why. Keys that are not in ``names`` are ignored.
        """
        stamps = {name: self._stamps[name] for name in names}
        kept = {name: reasons[name] for name in names if name in reasons}
        return BucketPartition(self._filesystem, self._folder, stamps, kept)

    def stamp(self, name: str) -> str:
        """Return the stamp of a picture.

        The stamp is text that changes when the picture changes; see ``stamp_of``. It
        describes the picture at the time when the remote folder was listed.
        """
        return self._stamps[name]

    def check_access(self) -> None:
        """Do nothing, because loading the pictures shows whether they can be accessed.

        If this machine cannot access the bucket, iterating over the partition yields
        pictures whose ``reason`` says why they cannot be read.
        """


def remote_reason(error: Exception) -> str:
    """Return the message of an error of a remote filesystem, as one line.

    If the error has no message, the name of its class is returned.
    """
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return " ".join(text.split()).rstrip(".")


def stamp_of(info: Mapping[str, Any]) -> str:
    """Return the stamp of a file: text that changes when the file changes.

    ``info`` is the file's entry in a listing by fsspec. The stamp is the file's size in
    bytes, followed by its ETag. If ``info`` has no ETag, the time of modification or of
    creation takes its place.
    """
    changed = next(
        (info[key] for key in ("ETag", "mtime", "created") if key in info), ""
    )
    return f"{info.get('size')} {changed}"
