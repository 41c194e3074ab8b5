"""``MnistCDataset`` loads the published images and labels of MNIST-C."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from digit_recognition.datasets.damage import DAMAGED_FILE_ERRORS, describe_damage

IMAGES_FILE, LABELS_FILE = "test_images.npy", "test_labels.npy"
CLEAN_FOLDERS = ("identity", "clean")


class MnistCDataset(AbstractDataset[NoReturn, dict[str, dict[str, np.ndarray]]]):
    """A read-only local folder with one file of images for each corruption.

    The file is ``<corruption>/test_images.npy``. A file ``test_labels.npy`` beside it
    is optional. The images are uint8 of shape (n, 28, 28, 1) or (n, 28, 28). They are
    read from the disk only when they are used. The folders ``identity`` and ``clean``
    are skipped, because their images are not corrupted.
    """

    def __init__(
        self, *, filepath: str | None = None, metadata: dict[str, Any] | None = None
    ):
        """Set the folder ``filepath``, which has one subfolder per corruption.

        If ``filepath`` is None, the dataset is empty.
        """
        self._folder = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, np.ndarray]]:
        """Return a dictionary from the names of corruptions to dictionaries of arrays.

        Each inner dictionary has ``images``, uint8 (n, 28, 28, 1). It also has
        ``labels`` if ``test_labels.npy`` exists. The result is empty if ``filepath`` is
        None. Raises DatasetError if no subfolder has images of a corruption, if a file
        is not a NumPy array, or if images have a wrong dtype or shape.
        """
        if self._folder is None:
            return {}
        found = sorted(self._folder.glob(f"*/{IMAGES_FILE}"))
        found = [path for path in found if path.parent.name not in CLEAN_FOLDERS]
        if not found:
            raise DatasetError(
                f"expected a folder with <corruption>/{IMAGES_FILE} for "
                f"robustness.mnist_c, received {self._folder}, which "
                + ("has none" if self._folder.is_dir() else "is not a folder")
                + "; name the unpacked mnist_c folder"
            )
        return {path.parent.name: self._read(path) for path in found}

    def _read(self, path: Path) -> dict[str, np.ndarray]:
        images = _open(path)
        if (
            images.dtype != np.uint8
            or images.shape[1:3] != (28, 28)
            or images.size != len(images) * 28 * 28
        ):
            raise DatasetError(
                f"expected uint8 (n, 28, 28, 1) in {path}, received "
                f"{images.dtype} {images.shape}; use the files that MNIST-C publishes"
            )
        arrays = {"images": images.reshape(-1, 28, 28, 1)}
        labels = path.with_name(LABELS_FILE)
        if labels.exists():
            arrays["labels"] = _open(labels)
        return arrays

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro sets the signature)
        """Raise DatasetError: MNIST-C can only be loaded."""
        raise DatasetError("expected to be loaded only: MNIST-C is read only")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder) if self._folder else None}


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except DAMAGED_FILE_ERRORS as error:
        raise DatasetError(
            f"expected a NumPy array in {path}, received something else "
            f"({describe_damage(error)}); unpack MNIST-C again"
        ) from error
