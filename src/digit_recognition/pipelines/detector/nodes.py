"""The node that trains the detector, a network that tells digits from non-digits."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets.chunks import AnyArray, is_chunked, read_rows
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import verify_record
from digit_recognition.models.cnn import Classifier, convolutions
from digit_recognition.models.detector import build_detector_head, join_detector
from digit_recognition.models.schedules import warmup_cosine
from digit_recognition.parameters import Parameters
from digit_recognition.runtime import make_deterministic

from .training_set import make_training_set
from .validation import read_validation

# Training took 6.2 s of processor time, and the detector accepted 6.2 % of the
# non-digits. With batches of 128 and a rate of 0.003: 7.5 s and 6.5 %. These are means
# of 3 seeds on MNIST's 5,000-image sample.
BATCH_SIZE = 256
LEARNING_RATE = 0.0045
# The sample has 3,600 training images, so this limit gives 28,800 pictures. Training
# took 7.9 s, and the detector accepted 6.6 % of the non-digits. With 48,000 pictures:
# 15.6 s and 6.2 %.
MAX_PICTURES_PER_IMAGE = 8
MAX_IMAGES = 54_000
"""Maximum number of training images that are read from an array on the disk. MNIST has
as many training images, if the validation images are not counted."""


class DetectorParameters(Parameters):
    """How to train the detector.

    ``pictures`` is the number of training pictures; half of them show digits. The
    maximum is 8 times the number of images that the digit classifier was trained on. A
    higher value is reduced to this maximum. ``epochs`` is the number of passes over the
    training pictures.
    """

    pictures: Annotated[int, Field(ge=1000)]
    epochs: Annotated[int, Field(ge=1)]


def train_detector(
    model: Classifier,
    x_train: AnyArray,
    y_train: np.ndarray,
    training: dict[str, Any],
    validation_predictions: pd.DataFrame,
    parameters: DetectorParameters,
) -> tuple[dict[str, Any], pd.DataFrame, Classifier]:
    """Train the detector; return its record, its predictions and the network.

    ``x_train`` is float32 (n, 28, 28, 1) in 0..1; ``y_train`` is one-hot (n, 10).
    ``training`` is the record of the model's training. The model was not trained on the
    validation images, which are a part of ``x_train``. The column ``index`` of
    ``validation_predictions`` says which ones they are.

    The detector is trained on the model's training images and with the model's seed. It
    uses the model's convolutions, whose weights do not change. The detector maps each
    image to one logit, which is high for digits. ``read_validation`` describes the
    columns of the predictions.

    Raises ProjectError if the model was trained on another ``x_train``, if ``training``
    is the record of another model, or if one of the ten digits is missing in the
    training images.
    """
    model_digest = verify_record(model, training)
    expected, received = training["digests"]["x_train"], array_digest(x_train)
    if received != expected:
        raise ProjectError(
            f"expected the x_train that the model was trained on ({expected[:12]}…), "
            f"received another ({received[:12]}…); name its version with "
            "--load-versions, or train again with `kedro run`"
        )
    validation = validation_predictions["index"].to_numpy()
    train = np.setdiff1d(np.arange(len(x_train)), validation)
    if is_chunked(x_train):
        train = _choose(train, training["seed"])
    images, labels = read_rows(x_train, train)[..., 0], y_train[train].argmax(axis=1)
    if missing := sorted(set(range(NUM_CLASSES)) - set(labels.tolist())):
        raise ProjectError(
            f"expected each digit among the {len(train)} training images, received "
            f"none of {missing}; take more images"
        )

    import keras

    started = perf_counter()
    seed = training["seed"]
    keras.utils.set_random_seed(seed)
    if training.get("deterministic", False):  # older records lack this field
        make_deterministic()
    pictures = min(parameters.pictures, MAX_PICTURES_PER_IMAGE * len(images))
    x, y = make_training_set(images, labels, pictures, seed)
    backbone = convolutions(model)
    features = backbone.predict(x, batch_size=1000, verbose=0)
    head = build_detector_head(features.shape[1])
    _fit(head, features, y, parameters.epochs)
    saved_head = build_detector_head(features.shape[1])  # without optimizer state
    saved_head.set_weights(head.get_weights())
    detector = join_detector(backbone, saved_head)
    predictions = read_validation(model, detector, x_train, y_train, validation, seed)
    detector_training = {
        "pictures": pictures,
        "epochs": parameters.epochs,
        "seed": seed,
        "deterministic": training.get("deterministic", False),
        "seconds": round(perf_counter() - started, 3),
        "model_digest": model_digest,
        "detector_digest": weights_digest(detector.get_weights()),
    }
    return detector_training, predictions, detector


def _choose(rows: np.ndarray, seed: int) -> np.ndarray:
    """Choose up to MAX_IMAGES rows at random; return them in ascending order."""
    count = min(len(rows), MAX_IMAGES)
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def _fit(network: Classifier, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    import keras

    steps = epochs * -(-len(x) // BATCH_SIZE)
    network.compile(
        keras.optimizers.Adam(warmup_cosine(LEARNING_RATE, steps, steps // 10)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
