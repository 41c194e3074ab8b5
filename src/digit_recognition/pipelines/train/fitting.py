"""How a network is fitted, and what is seen and kept of it meanwhile."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from digit_recognition import NUM_CLASSES
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import LAST_LAYER, Classifier

if TYPE_CHECKING:
    from types import FrameType

    import keras
    import tensorflow as tf

    from .recipes import Recipe

Epoch = dict[str, float]
"""A row of the history: epoch (from 1), loss, accuracy, val_loss, val_accuracy,
learning_rate (at the epoch's end), seconds. Of the network that is trained, in its
precision, and without a recipe's test-time shifts."""


def compiled(
    network: Classifier, recipe: Recipe, steps: int | None = None
) -> Classifier:
    """The network, ready to be fitted as the recipe says, in so many ``steps`` in all.

    Without them the learning rate is the recipe's own, constant.
    """
    import keras

    settings = {"learning_rate": recipe.learning_rate}
    if recipe.weight_decay or recipe.optimizer in ("adamw", "muon"):
        settings["weight_decay"] = recipe.weight_decay  # their own default is not 0
    if recipe.schedule == "cosine" and steps:
        settings["learning_rate"] = _cosine(recipe, steps)
    if recipe.optimizer == "muon":
        settings |= {
            "exclude_layers": [LAST_LAYER],
            "adam_lr_ratio": recipe.adam_lr_ratio,
            "adam_weight_decay": recipe.weight_decay,
        }
    columns = network.output_shape != (None, NUM_CLASSES)
    network.compile(
        keras.optimizers.get({"class_name": recipe.optimizer, "config": settings}),
        column_loss if columns else "categorical_crossentropy",
        metrics=[accuracy if columns else "accuracy"],
    )
    return network


def column_loss(labels: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The mean cross-entropy of columns, each judged on its own, for each image (n,).

    ``labels`` is one-hot (n, 10), ``columns`` the probabilities (n, columns, 10).
    """
    import keras

    repeated = keras.ops.repeat(labels[:, None], columns.shape[1], axis=1)
    losses = keras.losses.categorical_crossentropy(repeated, columns)
    return keras.ops.mean(losses, axis=1)


def accuracy(labels: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Whether the columns' mean logits are right, for each image (n,); shapes as above.

    Logits and the logarithms of probabilities have the same order.
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
    keep: Callable[[], None],
) -> None:
    """Fit the network in place, in epochs of so many steps, and add to the history.

    Epochs that it holds already are not done again. ``keep`` is called after each. A
    terminal shows progress within the epoch, anything else gets a line an epoch. Raises
    ProjectError where the loss is no longer a number, KeyboardInterrupt that says how
    far it came.
    """
    import keras

    watched = sys.stdout.isatty()
    started = perf_counter()
    kept = len(history)

    def record(epoch: int, logs: dict[str, float]) -> None:
        nonlocal started, kept
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
        if not watched:
            print(_line(history[-1], epochs), flush=True)
        keep()
        kept = len(history)

    def check(batch: int, logs: dict[str, float]) -> None:  # noqa: ARG001 (Keras' names)
        if asked:
            raise KeyboardInterrupt

    try:
        with _asked_to_stop() as asked:
            network.fit(
                training,
                validation_data=validation,
                initial_epoch=len(history),
                epochs=epochs,
                steps_per_epoch=steps,
                shuffle=False,  # the batches are shuffled already
                verbose=1 if watched else 0,
                callbacks=[
                    keras.callbacks.LambdaCallback(
                        on_epoch_end=record,
                        on_train_batch_end=check,
                        on_test_batch_end=check,
                    )
                ],
            )
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(
            f"Stopped after {kept} whole epochs of {epochs}, which are kept: the same "
            "command goes on from there (unless train.resume=false)."
        ) from stopped


@contextlib.contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Signals of Ctrl-C so far, to be looked at between batches.

    Python's own KeyboardInterrupt may be raised where it is ignored, such as in what
    TensorFlow does when it drops a function: then the training would go on. A second
    Ctrl-C raises it at once. Outside of the main thread, and where Ctrl-C has another
    meaning, nothing changes.
    """
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if asked:
            signal.default_int_handler(number, frame)
        asked.append(number)

    before = signal.getsignal(signal.SIGINT)
    usual = before is signal.default_int_handler  # else somebody cares, or nobody may
    if not usual or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


def _cosine(recipe: Recipe, steps: int) -> keras.optimizers.schedules.CosineDecay:
    import keras

    warmup = int(recipe.warmup * steps)
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=steps - warmup,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )


def _line(row: Epoch, epochs: int) -> str:
    return (
        f"Epoch {row['epoch']}/{epochs}: loss {row['loss']:.4f}, "
        f"accuracy {row['accuracy']:.4f}, val_loss {row['val_loss']:.4f}, "
        f"val_accuracy {row['val_accuracy']:.4f}, {row['seconds']:.1f} s"
    )
