"""Nodes that turn MNIST's images and labels into model input."""

from __future__ import annotations

from typing import Any

import numpy as np

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets.chunks import AnyArray
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
    """``allow_sample`` says whether a sample of 5,000 images may replace MNIST."""

    allow_sample: bool


def load_mnist(
    mnist: tuple[Split, Split], parameters: PrepareParameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """Return the training and test arrays, and a description of the dataset.

    The arrays are returned in this order: training images, training labels, test
    images, test labels. Images are uint8 (n, 28, 28) in 0..255; labels are uint8 (n,)
    in 0..9. The description is a dict with two keys:

    - ``dataset``: ``mnist``, ``mnist-sample``, or ``custom`` for all other arrays.
    - ``dataset_digest``: the digest of the four arrays.

    Raises ProjectError if ``mnist`` is only the sample of 5,000 images and
    ``allow_sample`` is false.
    """
    (train_images, train_labels), (test_images, test_labels) = mnist
    published = (train_images, train_labels, test_images, test_labels)
    arrays = dict(zip(NAMES, published, strict=True))
    dataset = identify_dataset(arrays)
    if dataset == SAMPLE and not parameters.allow_sample:
        raise ProjectError(
            "expected MNIST, received only its 5,000-image sample, which "
            f"prepare.allow_sample=false refuses; {HOW_TO_GET_DATA}"
        )
    return *published, {"dataset": dataset, "dataset_digest": combined_digest(arrays)}


def reshape_images(images: AnyArray) -> AnyArray:
    """Add the channel axis: (n, 28, 28) becomes (n, 28, 28, 1), without a copy."""
    return images[..., np.newaxis]


def normalize_pixels(images: AnyArray) -> AnyArray:
    """Scale pixels from 0..255 to float32 in 0..1; the shape stays the same.

    A Dask array is scaled later, chunk by chunk, when it is saved.
    """
    return np.divide(images, 255, dtype=np.float32)


def one_hot_labels(labels: np.ndarray) -> np.ndarray:
    """Encode labels (n,) in 0..9 as float32 (n, 10): 1 at the label, 0 elsewhere.

    >>> one_hot_labels(np.array([2]))
    array([[0., 0., 1., 0., 0., 0., 0., 0., 0., 0.]], dtype=float32)
    """
    from keras.utils import to_categorical

    return to_categorical(labels, NUM_CLASSES).astype(np.float32)


def describe_dataset(
    published: dict[str, Any],
    x_train: AnyArray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
) -> dict[str, Any]:
    """Return the dataset's name, numbers of images, and digests of the arrays.

    ``published`` is the description that ``load_mnist`` returns. The other arguments
    are the prepared arrays: images are float32 (n, 28, 28, 1) in 0..1, labels are
    one-hot (n, 10).
    """
    arrays = dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))
    return {
        **published,
        "train_images": len(x_train),
        "test_images": len(x_test),
        "digests": {name: array_digest(array) for name, array in arrays.items()},
    }
