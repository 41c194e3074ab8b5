"""Nodes that make model input of MNIST's images and labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from digit_recognition.datasets.mnist_dataset import (
    DIGITS,
    SAMPLE,
    THREE_WAYS,
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
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels, as they were published.

    Images are uint8 (n, 28, 28) in 0..255, labels uint8 (n,) in 0..9. Raises
    ProjectError where only the sample could be had and is not allowed.
    """
    (train_images, train_labels), (test_images, test_labels) = mnist
    if not parameters.allow_sample:
        name = identify_dataset(
            {
                "x_train": train_images,
                "y_train": train_labels,
                "x_test": test_images,
                "y_test": test_labels,
            }
        )
        if name == SAMPLE:
            raise ProjectError(
                "expected MNIST, received only its 5,000-image sample, which "
                f"prepare.allow_sample=false refuses; {THREE_WAYS}"
            )
    return train_images, train_labels, test_images, test_labels


def reshape_images(images: np.ndarray) -> np.ndarray:
    """Images (n, 28, 28) as (n, 28, 28, 1): one grey channel, no copy."""
    return images[..., np.newaxis]


def normalize_pixels(images: np.ndarray) -> np.ndarray:
    """Pixels 0..255 as float32 in 0..1, in the same shape."""
    return np.divide(images, 255, dtype=np.float32)


def one_hot_labels(labels: np.ndarray) -> np.ndarray:
    """Labels (n,) in 0..9 as float32 (n, 10): 1 at the label, 0 elsewhere."""
    from keras.utils import to_categorical

    return to_categorical(labels, DIGITS).astype(np.float32)


def describe_dataset(
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
) -> dict[str, Any]:
    """Name, digest and sizes of the dataset, and the digests of the arrays made of it.

    ``dataset`` is ``mnist``, ``mnist-sample`` or ``custom``; ``dataset_digest`` is over
    the arrays as they were published, ``digests`` over those that the model takes.
    """
    published = {
        "x_train": train_images,
        "y_train": train_labels,
        "x_test": test_images,
        "y_test": test_labels,
    }
    model_input = {
        "x_train": x_train,
        "y_train": y_train,
        "x_test": x_test,
        "y_test": y_test,
    }
    return {
        "dataset": identify_dataset(published),
        "dataset_digest": combined_digest(_digests(published)),
        "train_images": len(train_images),
        "test_images": len(test_images),
        "digests": _digests(model_input),
    }


def _digests(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    return {name: array_digest(array) for name, array in arrays.items()}
