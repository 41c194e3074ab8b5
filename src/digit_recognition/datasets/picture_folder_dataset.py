"""``PictureFolderDataset`` saves pictures one by one, in one folder per version."""

from __future__ import annotations

import os
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

from .picture_folder import DEFAULT_SAVE_ARGS, PictureFolder

Loaded = dict[str, Callable[[], Image.Image]]
Saved = Iterable[tuple[str, Image.Image]] | Callable[[PictureFolder], None]


class PictureFolderDataset(AbstractVersionedDataset[Saved, Loaded]):
    """A folder of named pictures. Memory holds only one picture at a time.

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
        """Set the path of the folder, or its URL if fsspec supports it.

        ``save_args`` are arguments of Pillow's ``Image.save``. By default, pictures are
        saved as JPEG with a quality of 85. ``credentials`` and ``fs_args`` are
        arguments of the fsspec filesystem. Plugins such as Kedro-Viz read ``metadata``.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._save_args = {"format": "JPEG"} | (save_args or DEFAULT_SAVE_ARGS)
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> Loaded:
        """Return a dictionary from picture paths to functions that open the pictures.

        The paths are sorted and relative to the folder. Raises DatasetError if the
        folder does not exist.
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

    def save(self, data: Saved) -> None:
        """Save the pictures; see ``PictureFolder.save_all`` for the file names.

        ``data`` is an iterable of pairs (name, picture). It may also be a function that
        takes a ``PictureFolder`` and saves the pictures in it. Raises DatasetError if
        the folder exists already. Also raises DatasetError if a name leads out of the
        folder, such as ``../page``.
        """
        folder = get_filepath_str(self._get_save_path(), self._protocol)
        if self._fs.exists(folder):
            raise DatasetError(
                f"expected no folder at {folder} yet, found one; add `versioned: true` "
                "to its entry in the catalog, or remove the folder"
            )
        self._fs.makedirs(folder)
        target = PictureFolder(self._fs, folder, self._save_args)
        if callable(data):
            data(target)
        else:
            target.save_all(data)
        self._fs.invalidate_cache(str(self._filepath))

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
