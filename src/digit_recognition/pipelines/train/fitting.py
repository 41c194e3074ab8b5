"""Compile and fit a network, record its history, and stop at Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from digit_recognition import NUM_CLASSES
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import LAST_LAYER, Classifier
from digit_recognition.models.schedules import warmup_cosine

from .progress import show_progress

if TYPE_CHECKING:
    from types import FrameType

    import tensorflow as tf

    from .recipes import Recipe

Epoch = dict[str, float]
"""The results of one epoch, which are a row of the history.

The keys are epoch (from 1), loss, accuracy, val_loss, val_accuracy, learning_rate (at
the end of the epoch) and seconds (the duration of the epoch). Losses and accuracies are
computed in the recipe's precision, and without averaging over shifts of the image.
"""


def compile_network(
    network: Classifier, recipe: Recipe, steps: int | None = None
) -> Classifier:
    """Compile the network with the recipe's optimizer and schedule, and return it.

    ``steps`` is the total number of optimizer steps, which the cosine schedule needs.
    Without ``steps``, the learning rate is constant.
    """
    import keras

    learning_rate = recipe.learning_rate
    if recipe.schedule == "cosine" and steps:
        warmup_steps = int(recipe.warmup * steps)
        learning_rate = warmup_cosine(learning_rate, steps, warmup_steps)
    if recipe.optimizer == "muon":
        optimizer = keras.optimizers.Muon(
            learning_rate,
            exclude_layers=[LAST_LAYER],
            adam_lr_ratio=recipe.adam_lr_ratio,
            weight_decay=0.0,  # Keras' default for both weight decays is 0.004
            adam_weight_decay=0.0,
        )
    else:
        optimizer = keras.optimizers.Adam(
            learning_rate, weight_decay=recipe.weight_decay or None
        )
    has_columns = network.output_shape != (None, NUM_CLASSES)
    network.compile(
        optimizer,
        column_loss if has_columns else "categorical_crossentropy",
        metrics=[
            keras.metrics.MeanMetricWrapper(column_accuracy, name="accuracy")
            if has_columns
            else "accuracy"
        ],
    )
    return network


def column_loss(labels: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Return the cross-entropy of each image, in nats.

    Columns are CNNs that are trained side by side. ``labels`` is one-hot (n, 10).
    ``columns`` (n, k, 10) holds the probabilities that each of the k columns predicts.
    The result (n,) is the mean of the columns' cross-entropies.
    """
    import keras

    repeated = keras.ops.repeat(labels[:, None], columns.shape[1], axis=1)
    losses = keras.losses.categorical_crossentropy(repeated, columns)
    return keras.ops.mean(losses, axis=1)


def column_accuracy(labels: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Return 1 for each correctly classified image and 0 for each other image, (n,).

    Columns are CNNs that are trained side by side. ``labels`` is one-hot (n, 10).
    ``columns`` (n, k, 10) holds the probabilities that each of the k columns predicts.
    The predicted digit is the one for which the mean of the columns' logits is highest.

    The logits are not available here, so the logarithms of the probabilities are
    averaged instead. For each image and column, all ten logarithms differ from the
    logits by the same constant. So the mean of the logarithms and the mean of the
    logits are highest for the same digit.
    """
    import keras

    logits = keras.ops.log(keras.ops.maximum(columns, keras.backend.epsilon()))
    return keras.metrics.categorical_accuracy(labels, keras.ops.mean(logits, axis=1))


def fit(
    network: Classifier,
    training: tf.data.Dataset,
    validation: tf.data.Dataset,
    *,
    steps: int,
    epochs: int,
    history: list[Epoch],
    save_checkpoint: Callable[[], None],
) -> None:
    """Fit the network in place, and append a row to ``history`` after each epoch.

    An epoch has ``steps`` batches. ``epochs`` is the total number of epochs. Epochs
    that ``history`` already holds are not repeated. ``training`` must yield only the
    batches of the remaining epochs. ``save_checkpoint`` is called after each epoch.

    Raises ProjectError if the training loss or the validation loss is not finite. On
    Ctrl-C, raises a KeyboardInterrupt that says how many epochs are saved.
    """
    import keras

    started = perf_counter()
    saved = len(history)

    def record(epoch: int, logs: dict[str, float]) -> None:
        nonlocal started, saved
        losses = logs["loss"], logs["val_loss"]
        if not np.isfinite(losses).all():
            raise ProjectError(
                f"expected finite losses, received {losses[0]} in training and "
                f"{losses[1]} in validation in epoch {epoch + 1}; take a lower "
                "learning_rate for this recipe, or precision float32"
            )
        ended = perf_counter()
        history.append(
            {
                "epoch": epoch + 1,
                **{
                    name: float(logs[name])
                    for name in ("loss", "accuracy", "val_loss", "val_accuracy")
                },
                "learning_rate": float(network.optimizer.learning_rate),
                "seconds": round(ended - started, 3),
            }
        )
        started = ended
        progress.epoch_ended(epoch + 1, history[-1]["val_accuracy"])
        save_checkpoint()
        saved = len(history)

    def stop_if_asked(batch: int, logs: dict[str, float]) -> None:  # noqa: ARG001 (Keras' names)
        if interrupts:
            raise KeyboardInterrupt

    def report_batch(batch: int, logs: dict[str, float]) -> None:
        stop_if_asked(batch, logs)
        progress.batch_ended(len(history) + (batch + 1) / steps)

    try:
        with (
            _count_interrupts() as interrupts,
            show_progress(epochs, len(history)) as progress,
        ):
            network.fit(
                training,
                validation_data=validation,
                initial_epoch=len(history),
                epochs=epochs,
                steps_per_epoch=steps,
                shuffle=False,  # the batches are shuffled already
                verbose=0,
                callbacks=[
                    keras.callbacks.LambdaCallback(
                        on_epoch_end=record,
                        on_train_batch_end=report_batch,
                        on_test_batch_end=stop_if_asked,
                    )
                ],
            )
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(_describe_stop(saved, epochs)) from stopped


def _describe_stop(saved: int, epochs: int) -> str:
    """Describe what a stopped training has saved.

    >>> _describe_stop(0, 3)
    'Stopped in epoch 1 of 3: no epoch is complete yet, so nothing is saved.'
    """
    if not saved:
        return (
            f"Stopped in epoch 1 of {epochs}: no epoch is complete yet, so nothing is "
            "saved."
        )
    epochs_saved = "1 complete epoch" if saved == 1 else f"{saved} complete epochs"
    are = "is" if saved == 1 else "are"
    return (
        f"Stopped after {epochs_saved} of {epochs}, which {are} saved: the same "
        "command resumes from there (unless train.resume=false)."
    )


@contextlib.contextmanager
def _count_interrupts() -> Iterator[list[int]]:
    """Collect the signals of Ctrl-C, so that fitting can stop between two batches.

    Yields the list of the signals received so far. The first Ctrl-C is only added to
    this list, and KeyboardInterrupt is raised when the context ends. A second Ctrl-C
    raises KeyboardInterrupt at once.

    Python's default handler of Ctrl-C raises KeyboardInterrupt at any place in the
    code. Some code, such as a destructor in TensorFlow, ignores all exceptions. If this
    code ignored the KeyboardInterrupt, the training would not stop. So the handler is
    replaced. It is replaced only in the main thread, and only if it is Python's
    default.
    """
    interrupts: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if interrupts:
            signal.default_int_handler(number, frame)
        interrupts.append(number)

    previous = signal.getsignal(signal.SIGINT)
    is_default = previous is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, previous)
    if interrupts:
        raise KeyboardInterrupt
