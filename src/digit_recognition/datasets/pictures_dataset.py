"""List the pictures in a folder or a bucket, or a single picture."""

from __future__ import annotations

import os
import stat
from collections import deque
from copy import deepcopy
from pathlib import Path
from typing import Any, NoReturn

import fsspec
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_protocol_and_path

from digit_recognition.errors import ProjectError

from .bucket_pictures import BucketPartition, BucketPictures, remote_reason, stamp_of
from .picture_formats import format_names, picture_suffixes
from .pictures import FolderPictures, Pictures

HINT = (
    "put pictures into data/01_raw/pictures, or name your own folder or file: "
    "kedro run --pipelines read --params pictures=FOLDER"
)


class PicturesDataset(AbstractDataset[NoReturn, Pictures]):
    """The pictures in a folder and its subfolders, or a single picture file.

    In a local folder, symbolic links are followed, but no folder is visited twice.

    Examples of entries in ``catalog.yml``::

        pictures:
          type: digit_recognition.datasets.PicturesDataset
          filepath: data/01_raw/pictures

        pictures_of_the_archive:
          type: digit_recognition.datasets.PicturesDataset
          filepath: s3://archive/scans
          credentials: archive
    """

    def __init__(
        self,
        *,
        filepath: str | None,
        hint: str = HINT,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ):
        """Set the folder or file: a local path, or a URL that fsspec supports.

        A single file may have any suffix. If ``filepath`` is None, the dataset is
        empty. Error messages about missing pictures end with ``hint``, which says what
        to do. For a URL, ``credentials`` and ``fs_args`` are passed to fsspec.
        """
        self._url = filepath
        self._protocol, path = get_protocol_and_path(filepath or "")
        self._path = Path(path) if self._protocol == "file" else None
        self._options = deepcopy(credentials or {}) | deepcopy(fs_args or {})
        self._hint = hint
        self.metadata = metadata

    def load(self) -> Pictures:
        """Return the pictures without opening them.

        Raises DatasetError if the path does not exist. Also raises DatasetError if a
        folder contains no pictures or cannot be opened.
        """
        if self._url is None:
            return FolderPictures(Path(), {})
        if self._path is None:
            return self._load_remote(self._url)
        try:
            is_folder = stat.S_ISDIR(self._path.stat().st_mode)
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"expected a picture or a folder at {self._path}, received: "
                f"{_reason_of(error)}; {self._hint}"
            ) from error
        if not is_folder:
            return FolderPictures(self._path.parent, {self._path.name: ""})
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
        return FolderPictures(self._path, reasons, skipped)

    def _load_remote(self, url: str) -> Pictures:
        try:
            filesystem, path = fsspec.core.url_to_fs(
                url, use_listings_cache=False, **self._options
            )
            info = filesystem.info(path)
        except Exception as error:
            raise DatasetError(
                f"expected a picture or a folder at {url}, received: "
                f"{remote_reason(error)}; check the address and the credentials"
            ) from error
        if info["type"] != "directory":
            folder, _, name = path.rpartition("/")
            return BucketPartition(filesystem, folder, {name: stamp_of(info)}, {})
        pictures = BucketPictures(filesystem, path)
        try:
            if next(pictures.partitions(1), None) is None:
                raise DatasetError(
                    f"expected {format_names()} in {url}, received none among "
                    f"{pictures.skipped:,} files; {self._hint}"
                )
        except ProjectError as error:
            raise DatasetError(str(error)) from error
        return pictures

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: the pictures are read-only."""
        raise DatasetError(
            "expected a node that only loads these pictures, received one that saves "
            "them; choose another dataset for its output"
        )

    def _exists(self) -> bool:
        # Whether a bucket can be reached is checked only when it is loaded.
        return self._url is None or self._path is None or self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._url, "protocol": self._protocol}


def _find_pictures(top: Path) -> tuple[dict[str, str], int]:
    """Return the pictures in ``top`` and its subfolders, and count the skipped files.

    The first result is a dictionary, whose keys are paths relative to ``top``. For a
    picture, the value is an empty string. For a folder that cannot be opened, the value
    is the reason. Symbolic links to folders are followed last, and no folder is visited
    twice. So a folder is reached through a link only if there is no direct path to it.
    The second result is the number of files that are not pictures or are hidden.

    Example of the first result::

        {"page1.png": "", "private": "Permission denied", "2026/page2.png": ""}
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
