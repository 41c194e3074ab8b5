"""How a network is fitted: the split, the batches, what is seen of it."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from digit_recognition.errors import ProjectError
from digit_recognition.networks import Classifier

if TYPE_CHECKING:
    import tensorflow as tf

    from .recipes import Recipe

# Python is asked once for so many batches: a whole run then takes 1.06 of a plain
# script's processor time, asked for each batch 1.19 (benchmarks/overhead.py).
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
    images: np.ndarray,
    labels: np.ndarray,
    indices: np.ndarray,
    batch_size: int,
    seed: int | None = None,
) -> tf.data.Dataset:
    """Batches of the images and labels at ``indices``, shuffled anew each epoch.

    Without a ``seed`` they keep their order. Only indices are shuffled, and the batches
    are cut from the arrays when they are due, some at once: a tensor of all the images
    would be a second copy of them (188 MB for MNIST).
    """
    import tensorflow as tf

    def cut(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return images[rows], labels[rows]

    @tf.autograph.experimental.do_not_convert  # which fails, with a warning, on 3.13
    def fetch(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = tf.numpy_function(cut, [rows], dtypes)
        return (
            tf.ensure_shape(x, (None, *images.shape[1:])),
            tf.ensure_shape(y, (None, *labels.shape[1:])),
        )

    dtypes = [tf.as_dtype(array.dtype) for array in (images, labels)]
    rows = tf.data.Dataset.from_tensor_slices(indices)
    if seed is not None:
        rows = rows.shuffle(len(indices), seed=seed)
    return (
        rows.batch(BATCHES_AT_ONCE * batch_size)
        .map(fetch)
        .rebatch(batch_size)
        .apply(tf.data.experimental.assert_cardinality(-(-len(indices) // batch_size)))
        .prefetch(tf.data.AUTOTUNE)
    )


def fit(
    network: Classifier,
    training: tf.data.Dataset,
    validation: tf.data.Dataset,
    recipe: Recipe,
) -> pd.DataFrame:
    """Fit the network in place, as the recipe says; one row an epoch.

    Columns: epoch (from 1), loss, accuracy, val_loss, val_accuracy, learning_rate (at
    the epoch's end), seconds. A terminal shows progress within the epoch, anything
    else gets one line an epoch. Raises ProjectError where the loss is no longer a
    number.
    """
    import keras

    if recipe.schedule == "cosine":
        network.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate, decay_steps=recipe.epochs * len(training)
        )
    watched = sys.stdout.isatty()
    rows: list[dict[str, float]] = []
    started = perf_counter()

    def record(epoch: int, logs: dict[str, float]) -> None:
        nonlocal started
        ended = perf_counter()
        rows.append(
            {
                "epoch": epoch + 1,
                **{
                    name: logs[name]
                    for name in ("loss", "accuracy", "val_loss", "val_accuracy")
                },
                "learning_rate": float(network.optimizer.learning_rate),
                "seconds": round(ended - started, 3),
            }
        )
        started = ended
        if not watched:
            print(_line(rows[-1], recipe.epochs), flush=True)
        if not np.isfinite(logs["loss"]):
            raise ProjectError(
                f"expected a finite loss, received {logs['loss']} in epoch "
                f"{epoch + 1}; "
                f"take a lower learning_rate than {recipe.learning_rate}"
            )

    network.fit(
        training,
        validation_data=validation,
        epochs=recipe.epochs,
        shuffle=False,  # the batches are shuffled already
        verbose=1 if watched else 0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=record)],
    )
    return pd.DataFrame(rows)


def _line(row: dict[str, float], epochs: int) -> str:
    return (
        f"Epoch {row['epoch']}/{epochs}: loss {row['loss']:.4f}, "
        f"accuracy {row['accuracy']:.4f}, val_loss {row['val_loss']:.4f}, "
        f"val_accuracy {row['val_accuracy']:.4f}, {row['seconds']:.1f} s"
    )
