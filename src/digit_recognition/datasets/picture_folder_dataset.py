"""Save pictures one by one into a folder; each version has its own folder."""

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

from digit_recognition.csv_safety import UNPRINTABLE

# A photo of 1600 x 1200 is saved in 7 ms (0.2 MB) as JPEG, in 1,030 ms (2.4 MB) as PNG.
DEFAULT_SAVE_ARGS: dict[str, Any] = {"format": "JPEG", "quality": 85, "subsampling": 0}
MAX_JPEG_SIDE = 65_500  # pixels
MAX_NAME_BYTES = 200  # file systems allow 255, including suffix and number
UNSAFE_CHARACTERS = re.compile(rf'[{UNPRINTABLE}<>:"|?*\\]')
RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)

Loaded = dict[str, Callable[[], Image.Image]]


class PictureFolderDataset(
    AbstractVersionedDataset[Iterable[tuple[str, Image.Image]], Loaded]
):
    """A folder of named pictures. Only one picture at a time is held in memory.

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
        """Set the folder, a path or URL of any filesystem that fsspec supports.

        ``save_args`` go to Pillow's ``Image.save``; the default is JPEG.
        ``credentials`` and ``fs_args`` go to the filesystem. Plugins such as Kedro-Viz
        read ``metadata``.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._save_args = {"format": "JPEG"} | (save_args or DEFAULT_SAVE_ARGS)
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
        """Return a dictionary from picture paths to functions that open the pictures.

        The paths are sorted and relative to the folder.
        """
        folder = get_filepath_str(self._get_load_path(), self._protocol)
        if not self._fs.isdir(folder):
            raise DatasetError(
                f"expected a folder of pictures at {folder}, found none; run the "
                f"pipeline that saves {self._filepath.name} first"
            )
        return {
            path[len(folder) :].lstrip("/"): partial(self._open_picture, path)
            for path in sorted(self._fs.find(folder))
        }

    def save(self, data: Iterable[tuple[str, Image.Image]]) -> None:
        """Save each picture under its name, with the suffix of the format.

        - A slash in a name separates folders.
        - Characters that some file systems forbid become ``_``.
        - A name that exists already gets a number.

        Raises DatasetError if the folder exists already, or if a name leads out of the
        folder.
        """
        folder = get_filepath_str(self._get_save_path(), self._protocol)
        if self._fs.exists(folder):
            raise DatasetError(
                f"expected no folder at {folder} yet, found one; add `versioned: true` "
                "to its entry in the catalog, or remove the folder"
            )
        self._fs.makedirs(folder)
        for name, picture in data:
            path = self._unused_path(f"{folder}/{self.safe_path(name)}")
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._fs.open(path, "wb") as file:
                self._convert(picture).save(file, **self._save_args)
        self._fs.invalidate_cache(str(self._filepath))

    def safe_path(self, name: str) -> str:
        """Return the path, relative to the folder, under which a picture is saved."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise DatasetError(
                f"expected a name inside of the folder, received {name!r}; use a "
                "relative path without `..`"
            )
        *folders, file = map(_safe_part, path.parts)
        if file.lower().endswith(self._suffix):
            file = file[: -len(self._suffix)]
        # No folder ends with the suffix, so a folder never has the name of a picture.
        folders = [
            f"{part}_" if part.lower().endswith(self._suffix) else part
            for part in folders
        ]
        return "/".join([*folders, file + self._suffix])

    def _unused_path(self, path: str) -> str:
        stem, number = path.removesuffix(self._suffix), 1
        while self._fs.exists(path):
            number += 1
            path = f"{stem} ({number}){self._suffix}"
        return path

    def _convert(self, picture: Image.Image) -> Image.Image:
        """For JPEG, convert the picture to a mode and size that the format supports."""
        if self._suffix != ".jpg":
            return picture
        if picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        factor = -(-max(picture.size) // MAX_JPEG_SIDE)
        return picture.reduce(factor) if factor > 1 else picture

    def _open_picture(self, path: str) -> Image.Image:
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
    part = (
        UNSAFE_CHARACTERS.sub("_", part)
        .encode()[:MAX_NAME_BYTES]
        .decode(errors="ignore")
    )
    part = part.rstrip(" .") or "_"
    return f"_{part}" if RESERVED_NAMES.match(part) else part
