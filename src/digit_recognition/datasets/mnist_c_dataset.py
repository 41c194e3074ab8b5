"""MNIST-C as it is published: a folder for each corruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset, DatasetError

IMAGES, LABELS = "test_images.npy", "test_labels.npy"
CLEAN = ("identity", "clean")


class MnistCDataset(AbstractDataset[NoReturn, dict[str, dict[str, np.ndarray]]]):
    """Local ``<corruption>/test_images.npy``, and ``test_labels.npy`` where there are.

    The images are uint8 (n, 28, 28, 1) or (n, 28, 28), read when they are used. The
    folder ``identity``, of images that are not corrupted, is left out.
    """

    def __init__(
        self, *, filepath: str | None = None, metadata: dict[str, Any] | None = None
    ):
        """``filepath`` is the folder that holds the corruptions'; None for none."""
        self._folder = Path(filepath) if filepath else None
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, np.ndarray]]:
        """By corruption, ``images`` and maybe ``labels``; empty without a folder.

        Raises DatasetError where the folder holds none, or something else.
        """
        if self._folder is None:
            return {}
        found = sorted(self._folder.glob(f"*/{IMAGES}"))
        found = [path for path in found if path.parent.name not in CLEAN]
        if not found:
            raise DatasetError(
                f"expected a folder with <corruption>/{IMAGES} for robustness.mnist_c, "
                f"received {self._folder}, which "
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
                f"{images.dtype} {images.shape}; take MNIST-C's own files"
            )
        arrays = {"images": images.reshape(-1, 28, 28, 1)}
        labels = path.with_name(LABELS)
        if labels.exists():
            arrays["labels"] = _open(labels)
        return arrays

    def save(self, data: Any) -> NoReturn:  # noqa: ARG002 (Kedro names it)
        """Refused: published arrays are read only."""
        raise DatasetError("expected to be loaded only: MNIST-C is published")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder) if self._folder else None}


def _open(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(
            f"expected a NumPy array in {path}, received something else ({error}); "
            "unpack MNIST-C again"
        ) from error
