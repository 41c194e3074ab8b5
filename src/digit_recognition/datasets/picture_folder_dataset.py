"""Pictures that a run makes, one by one, in one folder per version."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)
from PIL import Image

# Of a photo of 1600 x 1200 in 7 ms and 0.2 MB, where PNG takes 1,030 ms and 2.4 MB.
AS_JPEG = {"format": "JPEG", "quality": 85, "subsampling": 0}
LONGEST_JPEG = 65_500  # pixels
LONGEST_NAME = 200  # bytes; file systems take 255, with suffix and number
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)

Loaded = dict[str, Callable[[], Image.Image]]


class PictureFolderDataset(
    AbstractVersionedDataset[Iterable[tuple[str, Image.Image]], Loaded]
):
    """A folder of pictures with names, of which one is in memory at a time.

    Example of an entry in ``catalog.yml``::

        annotated:
          type: digit_recognition.datasets.PictureFolderDataset
          filepath: data/08_reporting/annotated
          versioned: true
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the folder, as a path or URL of any filesystem that fsspec knows.

        ``save_args`` go to Pillow's ``Image.save``, JPEG without any; ``credentials``
        and ``fs_args`` to the filesystem, ``metadata`` to plugins.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._save_args = {"format": "JPEG"} | (save_args or AS_JPEG)
        is_jpeg = self._save_args["format"] == "JPEG"
        self._suffix = ".jpg" if is_jpeg else f".{self._save_args['format'].lower()}"
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> Loaded:
        """By name, sorted, a function that opens the picture."""
        folder = get_filepath_str(self._get_load_path(), self._protocol)
        if not self._fs.isdir(folder):
            raise DatasetError(
                f"expected a folder of pictures at {folder}, found none; run the "
                f"pipeline that makes {self._filepath.name} first"
            )
        return {
            path[len(folder) :].lstrip("/"): partial(self._read, path)
            for path in sorted(self._fs.find(folder))
        }

    def save(self, data: Iterable[tuple[str, Image.Image]]) -> None:
        """Write each picture under its name, with the format's suffix.

        Slashes make folders; what a file system may not take becomes ``_``, and a name
        that is taken is numbered. DatasetError for a name that leads out of the folder,
        and where there is a folder that is not versioned.
        """
        folder = get_filepath_str(self._get_save_path(), self._protocol)
        if self._fs.exists(folder):
            raise DatasetError(
                f"expected no folder at {folder} yet, found one; add `versioned: true` "
                "to its entry in the catalog, or remove it"
            )
        self._fs.makedirs(folder)
        for name, picture in data:
            path = self._free(f"{folder}/{self._safe(name)}")
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._fs.open(path, "wb") as file:
                self._fitting(picture).save(file, **self._save_args)
        self._fs.invalidate_cache(str(self._filepath))

    def _safe(self, name: str) -> str:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise DatasetError(
                f"expected a name inside of the folder, received {name!r}"
            )
        *folders, file = map(_safe_part, path.parts)
        if file.lower().endswith(self._suffix):
            file = file[: -len(self._suffix)]
        # A folder never has the suffix, so that none is in the place of a picture.
        folders = [
            f"{part}_" if part.lower().endswith(self._suffix) else part
            for part in folders
        ]
        return "/".join([*folders, file + self._suffix])

    def _free(self, path: str) -> str:
        stem, number = path.removesuffix(self._suffix), 1
        while self._fs.exists(path):
            number += 1
            path = f"{stem} ({number}){self._suffix}"
        return path

    def _fitting(self, picture: Image.Image) -> Image.Image:
        if self._suffix != ".jpg":
            return picture
        if picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        factor = -(-max(picture.size) // LONGEST_JPEG)
        return picture.reduce(factor) if factor > 1 else picture

    def _read(self, path: str) -> Image.Image:
        with self._fs.open(path, "rb") as file:
            picture = Image.open(file)
            picture.load()
        return picture

    def _exists(self) -> bool:
        return self._fs.isdir(get_filepath_str(self._get_load_path(), self._protocol))

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "save_args": self._save_args,
            "version": self._version,
        }

    def _release(self) -> None:
        super()._release()
        self._fs.invalidate_cache(str(self._filepath))


def _safe_part(part: str) -> str:
    part = UNSAFE.sub("_", part).encode()[:LONGEST_NAME].decode(errors="ignore")
    part = part.rstrip(" .") or "_"
    return f"_{part}" if RESERVED.match(part) else part
