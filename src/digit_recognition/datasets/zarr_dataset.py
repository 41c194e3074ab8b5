"""``ZarrDataset`` stores an array as Zarr, on any filesystem of fsspec."""

import base64
import io
import os
import tempfile
from copy import deepcopy
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
import numpy as np
import zarr
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)
from kedro_datasets._typing import ImagePreview
from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore

from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.chunks import AnyArray, iterate_chunks, open_chunked

METADATA_FILE = "zarr.json"


class ZarrDataset(AbstractVersionedDataset[AnyArray, AnyArray]):
    """An array, stored in Zarr format 3: chunked, compressed, without pickle.

    A NumPy array is saved at once. A Dask array is saved chunk by chunk. An array that
    is larger than ``max_bytes`` in ``load_args`` is loaded as a Dask array, which reads
    chunks only when they are needed.

    A new array can be loaded only after it has been saved completely:

    - On a local disk, the array is written into a temporary folder. The complete array
      is then moved to its path.
    - On other filesystems, ``zarr.json`` is written last. A folder without this file
      does not count as an array. If the dataset is not versioned, the old array is
      removed before the new array is written.

    Example of an entry in ``catalog.yml``::

        x_train:
          type: digit_recognition.datasets.ZarrDataset
          filepath: s3://bucket/x_train.zarr
          credentials: bucket
          versioned: true
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike,
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Set the folder: ``filepath`` is a local path, or a URL that fsspec supports.

        ``load_args`` may have the key ``max_bytes``. Arrays that are larger are not
        loaded into memory, but as Dask arrays. The default is infinity. ``save_args``
        are passed to ``zarr.create_array`` (``chunks``, ``compressors``, …).
        ``credentials`` and ``fs_args`` are passed to fsspec. ``metadata`` is for
        plugins such as Kedro-Viz.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._max_bytes = (load_args or {}).get("max_bytes", float("inf"))
        self._save_args = save_args or {}
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._is_whole,
            glob_function=self._fs.glob,
        )

    def load(self) -> AnyArray:
        """Return the array in the shape and dtype in which it was saved.

        Returns a Dask array if the array is larger than ``max_bytes``, otherwise a
        NumPy array. Raises DatasetError if there is no array.
        """
        array = self._open()
        if array.nbytes > self._max_bytes:
            return open_chunked(array)
        return np.asarray(array[...])

    def save(self, data: AnyArray) -> None:
        """Save a NumPy or Dask array of any shape and any dtype except ``object``.

        Raises DatasetError for other data.
        """
        chunked = type(data).__module__.startswith("dask.array")
        if not (chunked or isinstance(data, np.ndarray)) or data.dtype.hasobject:
            received = getattr(data, "dtype", type(data).__name__)
            raise DatasetError(
                f"{self._filepath.name}: expected a NumPy array of numbers, received "
                f"{received}; pass np.asarray(data) with a numeric dtype"
            )
        path = get_filepath_str(self._get_save_path(), self._protocol)
        if self._protocol == "file":
            self._save_locally(data, Path(path))
        else:
            self._save_remotely(data, path)
        self._fs.invalidate_cache(str(self._filepath))

    def preview(self, count: int = 100) -> ImagePreview:
        """Return the first ``count`` images in a grid, as a base64-encoded PNG.

        The saved array must hold images: (n, height, width) or (n, height, width, 1),
        uint8 in 0..255 or float in 0..1. Raises DatasetError for other shapes.
        """
        from PIL import Image

        array = self._open()
        images = np.asarray(array[:count])
        if images.shape[3:] == (1,):
            images = images[..., 0]
        if len(images.shape) != len(("n", "height", "width")):
            raise DatasetError(
                f"{self._filepath.name}: expected images of shape (n, height, width) "
                f"or (n, height, width, 1) to preview, received {array.shape}"
            )
        if images.dtype != np.uint8:
            images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
        picture = io.BytesIO()
        Image.fromarray(_arrange_in_grid(images)).save(picture, format="PNG")
        return ImagePreview(base64.b64encode(picture.getvalue()).decode())

    def _open(self) -> zarr.Array:
        path = get_filepath_str(self._get_load_path(), self._protocol)
        if not self._is_whole(path):
            raise DatasetError(
                f"expected a Zarr array at {path}, found none; run the pipeline that "
                f"makes {self._filepath.name} first"
            )
        store: Store
        if self._protocol == "file":
            store = LocalStore(path, read_only=True)
        else:
            store = FsspecStore.from_mapper(self._fs.get_mapper(path), read_only=True)
        return zarr.open_array(store, mode="r", zarr_format=3)

    def _save_locally(self, data: AnyArray, path: Path) -> None:
        with temporary_folder(path.parent) as folder:
            new, old = folder / "new", folder / "old"
            self._write(data, new)
            if path.exists():
                path.rename(old)
            try:
                new.rename(path)
            except BaseException:
                if old.exists():
                    old.rename(path)
                raise

    def _save_remotely(self, data: AnyArray, path: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            array = Path(folder) / "array"
            self._write(data, array)
            files = [file for file in array.rglob("*") if file.is_file()]
            files.sort(key=lambda file: file.name == METADATA_FILE)
            if self._fs.exists(path):
                self._fs.rm(path, recursive=True)
            for file in files:
                self._fs.put_file(
                    str(file), f"{path}/{file.relative_to(array).as_posix()}"
                )

    def _write(self, data: AnyArray, folder: Path) -> None:
        if isinstance(data, np.ndarray):
            zarr.create_array(LocalStore(folder), data=data, **self._save_args)
            return
        target = zarr.create_array(
            LocalStore(folder), shape=data.shape, dtype=data.dtype, **self._save_args
        )
        start = 0
        for chunk in iterate_chunks(data.rechunk({0: target.chunks[0]})):
            target[start : start + len(chunk)] = chunk
            start += len(chunk)

    def _is_whole(self, path: str) -> bool:
        return self._fs.exists(f"{path}/{METADATA_FILE}")

    def _exists(self) -> bool:
        path = get_filepath_str(self._get_load_path(), self._protocol)
        return self._is_whole(path)

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


def _arrange_in_grid(images: np.ndarray) -> np.ndarray:
    """Arrange images (n, height, width) in a grid, and return the grid as one image.

    The grid has about twice as many columns as rows.
    """
    from skimage.util import montage

    count = len(images)
    columns = max(1, int(np.ceil(np.sqrt(2 * count))))
    return montage(images, fill=0, grid_shape=(-(-count // columns), columns))
