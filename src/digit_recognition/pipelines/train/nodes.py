"""Nodes that build a network and train it."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.networks import (
    CLASSES,
    Classifier,
    build_cnn,
    without_softmax,
)
from digit_recognition.parameters import RecipeName, Seed

from .fitting import batches, fit, split_validation
from .recipes import Recipe, TrainParameters


def build_model(
    recipe: RecipeName, seed: Seed, parameters: TrainParameters
) -> Classifier:
    """The recipe's network, compiled, with first weights drawn by the seed."""
    chosen = parameters.recipe(recipe)

    import keras

    keras.utils.set_random_seed(seed.root)
    return _compiled(build_cnn(**chosen.network.model_dump()), chosen)


def train_model(
    untrained_model: Classifier,
    x_train: np.ndarray,
    y_train: np.ndarray,
    dataset_info: dict[str, Any],
    recipe: RecipeName,
    seed: Seed,
    parameters: TrainParameters,
) -> tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, Classifier]:
    """The history, the record, predictions on the validation part, and the model.

    ``x_train`` is float32 (n, 28, 28, 1) in 0..1, ``y_train`` one-hot (n, 10). The
    model is compiled and without the optimizer's state. The predictions' columns are
    index (into x_train), label and the logits logit0..logit9. Raises ProjectError where
    the arrays are not those that ``dataset_info`` describes.
    """
    _check_arrays(x_train, y_train, dataset_info)
    chosen = parameters.recipe(recipe)
    labels = y_train.argmax(axis=1)
    train, validation = split_validation(
        labels, parameters.validation_fraction, seed.root
    )

    import keras

    keras.utils.set_random_seed(seed.root)
    started = perf_counter()
    history = fit(
        untrained_model,
        batches(x_train, y_train, train, chosen.batch_size, seed.root),
        batches(x_train, y_train, validation, 1000),
        chosen,
    )
    fit_seconds = perf_counter() - started

    model = keras.Sequential.from_config(untrained_model.get_config())
    model.set_weights(untrained_model.get_weights())
    _compiled(model, chosen)
    training = {
        "recipe": recipe.root,
        **chosen.model_dump(exclude={"epochs"}),
        "seed": seed.root,
        "epochs": len(history),
        "fit_seconds": round(fit_seconds, 3),
        "precision": keras.config.dtype_policy().name,
        "dataset": dataset_info["dataset"],
        "dataset_digest": dataset_info["dataset_digest"],
        "digests": dataset_info["digests"],
        "train_images": len(train),
        "validation_images": len(validation),
        "model_digest": weights_digest(model.get_weights()),
    }
    return history, training, _predict(model, x_train, labels, validation), model


def _compiled(network: Classifier, recipe: Recipe) -> Classifier:
    import keras

    optimizer = keras.optimizers.get(
        {
            "class_name": recipe.optimizer,
            "config": {"learning_rate": recipe.learning_rate},
        }
    )
    network.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return network


def _check_arrays(
    x_train: np.ndarray, y_train: np.ndarray, dataset_info: dict[str, Any]
) -> None:
    for name, array in {"x_train": x_train, "y_train": y_train}.items():
        if array_digest(array) != dataset_info["digests"][name]:
            raise ProjectError(
                f"expected x_train and y_train of one `kedro run --pipeline prepare`, "
                f"received {name} {array.shape} that is not the one which dataset_info "
                "describes; run prepare again, or name x_train, y_train and "
                "dataset_info of one version with --load-versions"
            )


def _predict(
    model: Classifier,
    x_train: np.ndarray,
    labels: np.ndarray,
    validation: np.ndarray,
) -> pd.DataFrame:
    rows = np.sort(validation)
    logits = without_softmax(model).predict(x_train[rows], batch_size=1000, verbose=0)
    return pd.DataFrame(
        {
            "index": rows,
            "label": labels[rows],
            **{f"logit{digit}": logits[:, digit] for digit in range(CLASSES)},
        }
    )
