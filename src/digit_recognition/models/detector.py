"""A network that tells digits from what is none, trained against made-up non-digits."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from digit_recognition import NUM_CLASSES
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import INPUT_SHAPE, Classifier, convolutions
from digit_recognition.nondigits import make_non_digits
from digit_recognition.nondigits.variations import simulate_scanners, vary_handwriting
from digit_recognition.parameters import Parameters

BATCH_SIZE = 128
LEARNING_RATE = 0.003


class Detector(NamedTuple):
    """A network that gives logits (n, 1), and from which logit on it says digit.

    ``passed``, bool (n,), is of which of the validation digits it says so, ``kept``
    their share.
    """

    network: Classifier
    threshold: float
    kept: float
    passed: np.ndarray


class DetectorParameters(Parameters):
    """On how much it is trained, and the share of digits that it is to keep."""

    pictures: Annotated[int, Field(ge=1000)]
    epochs: Annotated[int, Field(ge=1)]
    keep: Annotated[float, Field(gt=0, le=1)]


class ExportParameters(Parameters):
    """What export adds to the model."""

    detector: DetectorParameters


def train_detector(
    model: Classifier,
    x_train: np.ndarray,
    y_train: np.ndarray,
    train: np.ndarray,
    validation: np.ndarray,
    seed: int,
    parameters: DetectorParameters,
) -> Detector:
    """The detector, trained on so many pictures, half of them of digits.

    Two networks, of which one looks at the image, the other at what the model's
    convolutions make of it, which are left as they are. ``x_train`` is float32
    (n, 28, 28, 1) in 0..1, ``y_train`` one-hot (n, 10); ``train`` and ``validation``
    are indices of their rows. The threshold is the highest that keeps the share
    ``keep`` of the validation digits, and is chosen on nothing else. Raises
    ProjectError where a digit is missing among the rows to train on.
    """
    import keras

    keras.utils.set_random_seed(seed)
    images, labels = x_train[train, ..., 0], y_train[train].argmax(axis=1)
    if missing := sorted(set(range(NUM_CLASSES)) - set(labels.tolist())):
        raise ProjectError(
            f"expected each digit among the {len(train)} images to train the detector "
            f"on, received none of {missing}; take more images"
        )
    x, y = training_pictures(images, labels, parameters.pictures, seed)
    eyes = convolutions(model)
    seen = eyes.predict(x, batch_size=1000, verbose=0)
    head, network = build_head(seen.shape[1]), build_network()
    _fit(head, seen, y, parameters.epochs)
    _fit(network, x, y, parameters.epochs)
    detector = digit_logit(eyes, head, network)
    logits = detector.predict(x_train[validation], batch_size=1000, verbose=0)[:, 0]
    threshold = float(np.quantile(logits, 1 - parameters.keep, method="lower"))
    passed = logits >= threshold
    return Detector(detector, threshold, float(passed.mean()), passed)


def training_pictures(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, float32 (count, 28, 28, 1), and classes (count,): 0..9, or 10 for none.

    Half are digits, a third of these as they are, the others by other hands. Most of
    both halves are softened.
    """
    rng = np.random.default_rng(seed)
    digits = count // 2
    rows = rng.integers(len(images), size=digits)
    plain = rows[: digits // 3]
    others, _ = make_non_digits(images, labels, count - digits, seed)
    changed = rng.permutation(len(others))[: 2 * len(others) // 3]
    others[changed] = simulate_scanners(others[changed], rng)
    varied = vary_handwriting(images[rows[len(plain) :]], rng)
    varied = simulate_scanners(varied, rng)
    pictures = np.concatenate([images[plain], varied, others])
    classes = np.concatenate([labels[rows], np.full(len(others), NUM_CLASSES)])
    return pictures[..., None], classes


def build_network() -> Classifier:
    """The CNN to be trained: logits (n, 11) of the ten digits and of no digit.

    It is told which digit it sees, as that makes it better at telling that it sees
    none: of non-digits of kinds that were left out of the training, it took 32 % for
    digits at a threshold that keeps 99.5 % of the digits, with two classes 36 % (one
    run of each).
    """
    import keras
    from keras import layers

    strided = {"strides": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            layers.Input(INPUT_SHAPE, name="image"),
            layers.Conv2D(16, 3, **strided, name="conv1"),
            layers.Conv2D(32, 3, **strided, name="conv2"),
            layers.Conv2D(64, 3, **strided, name="conv3"),
            layers.Flatten(name="flatten"),
            layers.Dense(48, activation="relu", name="dense"),
            layers.Dense(NUM_CLASSES + 1, name="logits"),
        ],
        name="network",
    )


def build_head(values: int) -> Classifier:
    """The same for what the model's convolutions see, (n, values) of whatever scale."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((values,), name="seen"),
            layers.RMSNormalization(name="scale"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(256, activation="relu", name="dense"),
            layers.Dense(NUM_CLASSES + 1, name="logits"),
        ],
        name="head",
    )


def digit_logit(eyes: Classifier, head: Classifier, network: Classifier) -> Classifier:
    """Both as one network that gives the logit (n, 1) of its being a digit.

    The mean of the head's, which sees what ``eyes`` make of the image, and the
    network's; each is the logarithm of the odds of the ten digits together against
    none. The mean is better than either: of non-digits that the model reads with
    confidence, of kinds that were left out of the training, it took 16 % for digits,
    the head alone 17 %, the network alone 21 %, at thresholds that keep 97 % of the
    digits, and 18, 20 and 22 % at those that keep 93.5 % of digits by other pens (one
    run of each, a head of 160 units, means over twelve kinds).
    """
    import keras

    image = keras.Input(INPUT_SHAPE, name="image")
    odds = []
    for logits in (head(eyes(image)), network(image)):
        digits = keras.ops.logsumexp(logits[:, :NUM_CLASSES], axis=1, keepdims=True)
        odds.append(digits - logits[:, NUM_CLASSES:])
    return keras.Model(image, (odds[0] + odds[1]) / 2, name="detector")


def _fit(network: Classifier, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    import keras

    steps = epochs * -(-len(x) // BATCH_SIZE)
    warmup = steps // 10
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=LEARNING_RATE, warmup_steps=warmup
    )
    network.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    network.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
