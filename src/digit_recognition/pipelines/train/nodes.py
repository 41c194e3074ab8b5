"""Nodes that build a network and train it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.parameters import RecipeName, Seed
from digit_recognition.runtime import dtype_policy, gpus, make_deterministic

from .batches import batches, split_validation, training_batches
from .fitting import compiled, fit
from .recipes import TrainParameters
from .resuming import Checkpoint


def build_model(
    recipe: RecipeName, seed: Seed, parameters: TrainParameters
) -> Classifier:
    """The recipe's network, compiled, with first weights drawn by the seed.

    It computes in the precision that the recipe and this machine agree on.
    """
    chosen = parameters.recipe(recipe)

    import keras

    keras.utils.set_random_seed(seed.root)
    return compiled(chosen.network.build(dtype_policy(chosen.precision)), chosen)


def train_model(
    untrained_model: Classifier,
    x_train: np.ndarray,
    y_train: np.ndarray,
    dataset_info: dict[str, Any],
    checkpoints: Checkpoints,
    recipe: RecipeName,
    seed: Seed,
    parameters: TrainParameters,
) -> Iterator[tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, Classifier]]:
    """The history, the record, predictions on the validation part, and the model.

    ``x_train`` is float32 (n, 28, 28, 1) in 0..1, ``y_train`` one-hot (n, 10). The
    model is float32, whatever it was trained in, compiled, and without the optimizer's
    state. The predictions' columns are index (into x_train), label and the logits
    logit0..logit9. Raises ProjectError where the arrays are not those that
    ``dataset_info`` describes. A generator, so that the checkpoint is removed when its
    one result has been saved.
    """
    _check_arrays(x_train, y_train, dataset_info)
    chosen = parameters.recipe(recipe)
    labels = y_train.argmax(axis=1)
    train, validation = split_validation(
        labels, parameters.validation_fraction, seed.root
    )

    import keras

    keras.utils.set_random_seed(seed.root)
    if parameters.deterministic:
        make_deterministic()
    on_gpu = bool(gpus())
    batch_size = (on_gpu and chosen.gpu_batch_size) or chosen.batch_size
    steps = -(-len(train) // batch_size)
    network = compiled(untrained_model, chosen, steps * chosen.epochs)
    training = {
        "recipe": recipe.root,
        **chosen.model_dump(),
        "batch_size": batch_size,
        "precision": dtype_policy(chosen.precision),
        "deterministic": parameters.deterministic,
        "gpus": gpus(),
        "seed": seed.root,
        "dataset": dataset_info["dataset"],
        "dataset_digest": dataset_info["dataset_digest"],
        "digests": dataset_info["digests"],
        "train_images": len(train),
        "validation_images": len(validation),
    }
    checkpoint = Checkpoint(checkpoints, training, network)
    history, resumed_after = checkpoint.restore() if parameters.resume else ([], [])
    if history:
        print(f"Going on after epoch {len(history)} of {chosen.epochs}", flush=True)
    try:
        fit(
            network,
            training_batches(
                x_train,
                y_train,
                train,
                batch_size,
                seed=seed.root,
                epochs=range(len(history), chosen.epochs),
                augmentation=chosen.augmentation,
            ),
            batches(x_train, y_train, validation, 1000),
            steps=steps,
            epochs=chosen.epochs,
            history=history,
            keep=lambda: checkpoint.save(history, resumed_after),
        )
    except ProjectError:
        checkpoint.remove()  # going on with it would end in the same way
        raise
    model = compiled(chosen.finish(network), chosen)
    training |= {
        "fit_seconds": round(sum(epoch["seconds"] for epoch in history), 3),
        "resumed_after": resumed_after,
        "model_digest": weights_digest(model.get_weights()),
    }
    predictions = _predict(model, x_train, labels, validation)
    yield pd.DataFrame(history), training, predictions, model
    checkpoint.remove()


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
            **{f"logit{digit}": logits[:, digit] for digit in range(NUM_CLASSES)},
        }
    )
