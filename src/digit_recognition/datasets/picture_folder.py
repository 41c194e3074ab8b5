"""Save pictures in a folder, under names that are valid on all file systems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from fsspec import AbstractFileSystem
from kedro.io import DatasetError
from PIL import Image

from digit_recognition.datasets.csv_safety import UNPRINTABLE

# A photo of 1600 x 1200 is saved in 7 ms (0.2 MB) as JPEG, in 1,030 ms (2.4 MB) as PNG.
DEFAULT_SAVE_ARGS: dict[str, Any] = {"format": "JPEG", "quality": 85, "subsampling": 0}
MAX_JPEG_SIDE = 65_500  # pixels
MAX_NAME_BYTES = 200  # file systems allow 255, including suffix and number
UNSAFE_CHARACTERS = re.compile(rf'[{UNPRINTABLE}<>:"|?*\\]')
RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class PictureFolder:
    """A folder in which pictures are saved.

    The object can be pickled for use in other processes. ``_save_args`` are keyword
    arguments of Pillow's ``Image.save``. They must include ``format``.
    """

    _fs: AbstractFileSystem
    path: str
    _save_args: dict[str, Any]

    @property
    def _suffix(self) -> str:
        name = self._save_args["format"]
        return ".jpg" if name == "JPEG" else f".{name.lower()}"

    def subfolder(self, name: str) -> PictureFolder:
        """Return an empty subfolder ``name``.

        If a subfolder of this name exists, it is first removed with its contents.
        """
        path = f"{self.path}/{name}"
        if self._fs.exists(path):
            self._fs.rm(path, recursive=True)
        return replace(self, path=path)

    def save_all(self, pictures: Iterable[tuple[str, Image.Image]]) -> None:
        """Save pictures, given as pairs (name, picture).

        A file has the name of its picture and the suffix of the format. These rules
        apply:

        - A slash in a name separates folders.
        - Characters that some file systems forbid become ``_``.
        - Names that are too long are cut.
        - If the file exists already, a number is added, as in ``page (2).jpg``.

        Raises DatasetError if a name leads out of the folder, such as ``../page``.
        """
        for name, picture in pictures:
            path = self._unused_path(f"{self.path}/{safe_path(name, self._suffix)}")
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._fs.open(path, "wb") as file:
                self._convert(picture).save(file, **self._save_args)

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


def safe_path(name: str, suffix: str) -> str:
    """Return the relative path under which a picture with this name is saved.

    ``suffix`` is the suffix of the format, such as ``.jpg``. Raises DatasetError if the
    name leads out of the folder, such as ``../page``.

    >>> safe_path("a/what?.png", ".jpg")
    'a/what_.png.jpg'
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise DatasetError(
            f"expected a name inside of the folder, received {name!r}; use a "
            "relative path without `..`"
        )
    *folders, file = map(_safe_part, path.parts)
    if file.lower().endswith(suffix):
        file = file[: -len(suffix)]
    # No folder ends with the suffix, so a folder never has the name of a picture.
    folders = [
        f"{part}_" if part.lower().endswith(suffix) else part for part in folders
    ]
    return "/".join([*folders, file + suffix])


def _safe_part(part: str) -> str:
    part = (
        UNSAFE_CHARACTERS.sub("_", part)
        .encode()[:MAX_NAME_BYTES]
        .decode(errors="ignore")
    )
    part = part.rstrip(" .") or "_"
    return f"_{part}" if RESERVED_NAMES.match(part) else part
