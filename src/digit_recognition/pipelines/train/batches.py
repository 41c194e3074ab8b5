"""How images reach the network: the split, and batches of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from digit_recognition.errors import ProjectError

from .augmentation import Augmentation, augment

if TYPE_CHECKING:
    import tensorflow as tf

# Python is asked once for so many batches: a whole run in float32 with batches of 64
# then took 1.06 of a plain script's processor time, asked for each batch 1.19.
BATCHES_AT_ONCE = 16


def split_validation(
    labels: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the images to train on and of those to validate on, stratified.

    ``labels`` is (n,). Raises ProjectError where a digit is too rare to be on both
    sides.
    """
    from sklearn.model_selection import train_test_split

    try:
        train, validation = train_test_split(
            np.arange(len(labels)),
            test_size=fraction,
            stratify=labels,
            random_state=seed,
        )
    except ValueError as error:
        raise ProjectError(
            f"expected enough training images to keep {fraction:.0%} of each digit for "
            f"validation, received {len(labels)} ({error}); take more images or "
            "another train.validation_fraction"
        ) from error
    return train, validation


def batches(
    images: np.ndarray, labels: np.ndarray, indices: np.ndarray, batch_size: int
) -> tf.data.Dataset:
    """Batches of the images and labels at ``indices``, in their order.

    They are cut from the arrays when they are due, some at once: a tensor of all the
    images would be a second copy of them (188 MB for MNIST).
    """
    import tensorflow as tf

    return (
        _cut(images, labels, indices, batch_size)
        .apply(tf.data.experimental.assert_cardinality(-(-len(indices) // batch_size)))
        .prefetch(tf.data.AUTOTUNE)
    )


def training_batches(
    images: np.ndarray,
    labels: np.ndarray,
    indices: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    epochs: range,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Batches of the epochs one after the other, each shuffled and augmented anew.

    What is in an epoch is decided by the seed and the epoch's number alone, so that a
    training that goes on with a later epoch sees what it would have seen.
    """
    import tensorflow as tf

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order, changes = tf.unstack(
            tf.random.split(tf.stack([tf.constant(seed, tf.int64), number]), 2)
        )
        shuffled = tf.random.experimental.stateless_shuffle(indices, order)
        return _cut(images, labels, shuffled, batch_size, changes, augmentation)

    numbers = tf.data.Dataset.range(epochs.start, epochs.stop)
    return numbers.flat_map(epoch).prefetch(tf.data.AUTOTUNE)


def _cut(
    images: np.ndarray,
    labels: np.ndarray,
    indices: np.ndarray | tf.Tensor,
    batch_size: int,
    seed: tf.Tensor | None = None,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    import tensorflow as tf

    def cut(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return images[rows], labels[rows]

    @tf.autograph.experimental.do_not_convert  # which fails, with a warning, on 3.13
    def fetch(number: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # said to be stateful, it would end all prefetching in deterministic runs
        x, y = tf.numpy_function(
            cut, [rows], [images.dtype, labels.dtype], stateful=False
        )
        x = tf.ensure_shape(x, (None, *images.shape[1:]))
        y = tf.ensure_shape(y, (None, *labels.shape[1:]))
        if augmentation is not None:
            x = augment(x, tf.random.fold_in(seed, number), augmentation)
        return x, y

    return (
        tf.data.Dataset.from_tensor_slices(indices)
        .batch(BATCHES_AT_ONCE * batch_size)
        .enumerate()
        .map(fetch)
        .rebatch(batch_size)
    )
