"""Nodes that make model input of MNIST's images and labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets.mnist_dataset import (
    HOW_TO_GET_DATA,
    NAMES,
    SAMPLE,
    Split,
    identify_dataset,
)
from digit_recognition.digests import array_digest, combined_digest
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import Parameters


class PrepareParameters(Parameters):
    """``allow_sample``: whether the 5,000-image sample may stand in for MNIST."""

    allow_sample: bool


def load_mnist(
    mnist: tuple[Split, Split], parameters: PrepareParameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Training images and labels, test images and labels, and what dataset they are.

    Images are uint8 (n, 28, 28) in 0..255, labels uint8 (n,) in 0..9, as they were
    published. ``dataset`` is ``mnist``, ``mnist-sample`` or ``custom``, and
    ``dataset_digest`` is over the four arrays. Raises ProjectError where only the
    sample could be had and is not allowed.
    """
    (train_images, train_labels), (test_images, test_labels) = mnist
    four = (train_images, train_labels, test_images, test_labels)
    arrays = dict(zip(NAMES, four, strict=True))
    dataset = identify_dataset(arrays)
    if dataset == SAMPLE and not parameters.allow_sample:
        raise ProjectError(
            "expected MNIST, received only its 5,000-image sample, which "
            f"prepare.allow_sample=false refuses; {HOW_TO_GET_DATA}"
        )
    return *four, {"dataset": dataset, "dataset_digest": combined_digest(arrays)}


def reshape_images(images: np.ndarray) -> np.ndarray:
    """Images (n, 28, 28) as (n, 28, 28, 1): one grey channel, no copy."""
    return images[..., np.newaxis]


def normalize_pixels(images: np.ndarray) -> np.ndarray:
    """Pixels 0..255 as float32 in 0..1, in the same shape."""
    return np.divide(images, 255, dtype=np.float32)


def one_hot_labels(labels: np.ndarray) -> np.ndarray:
    """Labels (n,) in 0..9 as float32 (n, 10): 1 at the label, 0 elsewhere."""
    from keras.utils import to_categorical

    return to_categorical(labels, NUM_CLASSES).astype(np.float32)


def describe_dataset(
    published: dict[str, Any],
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
) -> dict[str, Any]:
    """What dataset it is, its sizes, and the digests of the arrays a model takes."""
    arrays = dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))
    return {
        **published,
        "train_images": len(x_train),
        "test_images": len(x_test),
        "digests": {name: array_digest(array) for name, array in arrays.items()},
    }
