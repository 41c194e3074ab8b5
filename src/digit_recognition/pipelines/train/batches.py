"""Split off validation images, and make the batches that the network is trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from digit_recognition.datasets.chunks import AnyArray, is_chunked, read_rows
from digit_recognition.errors import ProjectError

from .augmentation import Augmentation, augment
from .buffers import ShuffledBuffers
from .written_digits import Images

if TYPE_CHECKING:
    import tensorflow as tf

Batch = tuple[np.ndarray, np.ndarray]

BATCHES_PER_CALL = 16
"""Number of batches that one call of Python code fetches. Fewer calls take less time.
This was measured in float32 with batches of 64 images: one batch per call took 1.19
times the processor time of a plain Keras script, and 16 batches per call took 1.06
times this time."""


def split_validation(
    labels: np.ndarray, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the training images and of the validation images.

    ``labels`` (n,) holds the digit of each image. The fraction ``fraction`` of the
    images is kept for validation. The split is stratified: the fraction is the same for
    each digit. Raises ProjectError if a digit is too rare to be in both parts.
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
    images: AnyArray, labels: np.ndarray, indices: np.ndarray, batch_size: int
) -> tf.data.Dataset:
    """Return batches of the images and labels at ``indices``, in that order.

    Each batch is copied from the arrays only when it is needed. A tensor of all images
    would be a second copy of the images in memory (188 MB for MNIST). If the images
    stay on the disk, reading is fastest with sorted indices.
    """
    import tensorflow as tf

    def take(rows: np.ndarray) -> Batch:
        return read_rows(images, rows), labels[rows]

    calls = 1 if is_chunked(images) else BATCHES_PER_CALL
    return (
        _fetch_batches(take, (images, labels), indices, calls * batch_size)
        .rebatch(batch_size)
        .apply(tf.data.experimental.assert_cardinality(-(-len(indices) // batch_size)))
        .prefetch(tf.data.AUTOTUNE)
    )


def training_batches(
    images: AnyArray | Images,
    labels: Images,
    indices: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    epochs: range,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Return the batches of all ``epochs``.

    In each epoch, the images have another order and are augmented in another way.

    ``indices`` holds the indices of the training images. ``epochs`` is a range of epoch
    numbers, counted from 0. The seed and the epoch's number determine the order of the
    images and the augmentation. So a resumed training gets the same batches as an
    uninterrupted training. If the images stay on the disk, ``ShuffledBuffers`` shuffles
    them.
    """
    import tensorflow as tf

    arrays, per_call = (images, labels), BATCHES_PER_CALL * batch_size
    if is_chunked(images):
        buffers = ShuffledBuffers(images, np.asarray(labels), indices, seed)

    def take(rows: np.ndarray) -> Batch:
        return images[rows], labels[rows]

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order, changes = tf.unstack(
            tf.random.split(tf.stack([tf.constant(seed, tf.int64), number]), 2)
        )

        def buffer(place: tf.Tensor) -> tf.data.Dataset:
            size = tf.numpy_function(buffers.size, [number, place], tf.int64)
            size.set_shape(())
            rows, own = tf.range(size), tf.random.fold_in(changes, place)
            return _fetch_batches(
                *(buffers.take, arrays, rows, per_call, own, augmentation),
                buffer=(number, place),
            )

        if is_chunked(images):
            found = tf.data.Dataset.range(buffers.count).flat_map(buffer)
        else:
            shuffled = tf.random.experimental.stateless_shuffle(indices, order)
            found = _fetch_batches(
                take, arrays, shuffled, per_call, changes, augmentation
            )
        return found.rebatch(batch_size)

    numbers = tf.data.Dataset.range(epochs.start, epochs.stop)
    return numbers.flat_map(epoch).prefetch(tf.data.AUTOTUNE)


def _fetch_batches(
    take: Callable[..., Batch],
    arrays: tuple[AnyArray | Images, Images],
    rows: np.ndarray | tf.Tensor,
    per_call: int,
    seed: tf.Tensor | None = None,
    augmentation: Augmentation | None = None,
    buffer: tuple[tf.Tensor, ...] = (),
) -> tf.data.Dataset:
    """Return the images and labels at ``rows``, in batches of ``per_call`` rows.

    ``take(*buffer, rows)`` returns images and labels at some of the rows. ``arrays``
    only tells the dtypes of the images and labels, and their shapes after the first
    axis. With ``augmentation``, the images are changed at random. ``seed`` determines
    the changes.
    """
    import tensorflow as tf

    images, labels = arrays

    @tf.autograph.experimental.do_not_convert  # AutoGraph warns on Python 3.13
    def fetch(number: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # stateful=True disables prefetching in deterministic mode
        x, y = tf.numpy_function(
            take, [*buffer, rows], [images.dtype, labels.dtype], stateful=False
        )
        x = tf.ensure_shape(x, (None, *images.shape[1:]))
        y = tf.ensure_shape(y, (None, *labels.shape[1:]))
        if augmentation is not None:
            x = augment(x, tf.random.fold_in(seed, number), augmentation)
        return x, y

    return (
        tf.data.Dataset.from_tensor_slices(rows).batch(per_call).enumerate().map(fetch)
    )
