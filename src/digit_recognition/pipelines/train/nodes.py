"""Nodes that build a network and train it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets import Checkpoints
from digit_recognition.datasets.chunks import AnyArray, is_chunked
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.parameters import RecipeName, Seed
from digit_recognition.runtime import dtype_policy, gpus, make_deterministic

from .batches import batches, split_validation, training_batches
from .fitting import compile_network, fit
from .recipes import TrainParameters
from .resuming import Checkpoint
from .written_digits import Images, add_handwriting


def build_model(
    recipe: RecipeName, seed: Seed, parameters: TrainParameters
) -> Classifier:
    """Build and compile the recipe's network, with initial weights set by the seed.

    The recipe also sets the precision: ``float32``, ``bfloat16`` or ``auto``. ``auto``
    means bfloat16 if the hardware supports it, and float32 otherwise.
    """
    chosen = parameters.recipe(recipe)

    network = chosen.network.build(dtype_policy(chosen.precision), seed.root)
    return compile_network(network, chosen)


def train_model(
    untrained_model: Classifier,
    x_train: AnyArray,
    y_train: np.ndarray,
    dataset_info: dict[str, Any],
    checkpoints: Checkpoints,
    recipe: RecipeName,
    seed: Seed,
    parameters: TrainParameters,
) -> Iterator[tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, Classifier]]:
    """Train the model; yield history, record, validation predictions and the model.

    ``x_train`` is float32 (n, 28, 28, 1) in 0..1; ``y_train`` is one-hot (n, 10).

    - The history has one row per epoch (see ``fitting.Epoch``).
    - The record holds the recipe, the seed, the digests of the data and of the model,
      and the numbers of images.
    - The predictions have one row per validation image. The columns are index (of the
      image in ``x_train``), label, and the logits logit0 to logit9.
    - The model is float32, even if it was trained in bfloat16. It is compiled but has
      no optimizer state.

    If ``x_train`` is in memory, the recipe's ``handwriting`` adds synthetic digits to
    the training images. If ``x_train`` stays on the disk, ``handwriting`` is ignored.

    Raises ProjectError if ``dataset_info`` does not describe the arrays, or if a loss
    is not finite.

    The function is a generator that yields once. Kedro saves the yielded values and
    then resumes the generator, which removes the checkpoint of the training. So the
    checkpoint exists until the model is saved.
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
    images: AnyArray | Images = x_train
    one_hot: Images = y_train
    rows = train
    if chosen.handwriting is not None and not is_chunked(x_train):
        images, one_hot, rows = add_handwriting(
            x_train, y_train, train, chosen.handwriting, seed.root
        )
    steps = -(-len(rows) // chosen.batch_size)
    network = compile_network(untrained_model, chosen, steps * chosen.epochs)
    training = {
        "recipe": recipe.root,
        **chosen.model_dump(),
        "precision": dtype_policy(chosen.precision),
        "deterministic": parameters.deterministic,
        "gpus": gpus(),
        "seed": seed.root,
        "dataset": dataset_info["dataset"],
        "dataset_digest": dataset_info["dataset_digest"],
        "digests": dataset_info["digests"],
        "train_images": len(train),
        "written_digits": len(rows) - len(train),
        "validation_images": len(validation),
    }
    checkpoint = Checkpoint(checkpoints, training, network)
    history, resumed_after = checkpoint.restore() if parameters.resume else ([], [])
    if history:
        print(f"  resuming after epoch {len(history)} of {chosen.epochs}", flush=True)
    try:
        fit(
            network,
            training_batches(
                images,
                one_hot,
                rows,
                chosen.batch_size,
                seed=seed.root,
                epochs=range(len(history), chosen.epochs),
                augmentation=chosen.augmentation,
            ),
            batches(x_train, y_train, _fast_order(x_train, validation), 1000),
            steps=steps,
            epochs=chosen.epochs,
            history=history,
            save_checkpoint=lambda: checkpoint.save(history, resumed_after),
        )
    except ProjectError:
        checkpoint.remove()  # resuming from it would fail in the same way
        raise
    model = compile_network(chosen.finish(network), chosen)
    training |= {
        "fit_seconds": round(sum(epoch["seconds"] for epoch in history), 3),
        "resumed_after": resumed_after,
        "model_digest": weights_digest(model.get_weights()),
    }
    predictions = _predict(model, x_train, labels, validation)
    yield pd.DataFrame(history), training, predictions, model
    checkpoint.remove()


def _fast_order(images: AnyArray, rows: np.ndarray) -> np.ndarray:
    """Sort the rows if the images are on the disk, so that each chunk is read once.

    If the images are in memory, the rows keep their order.
    """
    return np.sort(rows) if is_chunked(images) else rows


def _check_arrays(
    x_train: AnyArray, y_train: np.ndarray, dataset_info: dict[str, Any]
) -> None:
    for name, array in {"x_train": x_train, "y_train": y_train}.items():
        if array_digest(array) != dataset_info["digests"][name]:
            raise ProjectError(
                "expected x_train, y_train and dataset_info of one run of prepare, "
                f"received {name} {array.shape} that dataset_info does not describe; "
                "run `kedro run --pipelines prepare` again, or name all three of one "
                "version with --load-versions"
            )


def _predict(
    model: Classifier,
    x_train: AnyArray,
    labels: np.ndarray,
    validation: np.ndarray,
) -> pd.DataFrame:
    rows = np.sort(validation)
    found = batches(x_train, labels, rows, 1000)
    logits = without_softmax(model).predict(found, verbose=0)
    return pd.DataFrame(
        {
            "index": rows,
            "label": labels[rows],
            **{f"logit{digit}": logits[:, digit] for digit in range(NUM_CLASSES)},
        }
    )
