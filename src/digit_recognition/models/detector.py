"""The detector: a network that tells digits from non-digits.

It has two parts with the same kind of output: a head on the classifier's convolutional
features, and a small CNN on the image.
"""

from __future__ import annotations

from digit_recognition import NUM_CLASSES
from digit_recognition.models.cnn import INPUT_SHAPE, Classifier

NON_DIGIT = NUM_CLASSES
"""The class of non-digits, beside the classes 0..9."""


def build_detector_cnn() -> Classifier:
    """Build the CNN on the image: logits (n, 11) of the ten digits and of non-digits.

    It learns which digit it sees, as that makes it better at recognizing non-digits. At
    a threshold that keeps 99.5 % of the digits, it took 32 % of non-digits of kinds
    left out of the training for digits; with two classes, 36 % (one run of each).
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


def build_detector_head(features: int) -> Classifier:
    """Build the head: logits (n, 11) from the classifier's features (n, features).

    The features may have any scale.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((features,), name="features"),
            layers.RMSNormalization(name="scale"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(256, activation="relu", name="dense"),
            layers.Dense(NUM_CLASSES + 1, name="logits"),
        ],
        name="head",
    )


def join_detector(
    backbone: Classifier, head: Classifier, network: Classifier
) -> Classifier:
    """Join the parts into the detector: the logit (n, 1) of an image being a digit.

    ``backbone`` maps images to the features that ``head`` reads. The logit of a part is
    the log odds of the ten digits together against non-digits. The detector's is the
    mean of both.
    """
    import keras

    image = keras.Input(INPUT_SHAPE, name="image")
    odds = []
    for logits in (head(backbone(image)), network(image)):
        digits = keras.ops.logsumexp(logits[:, :NUM_CLASSES], axis=1, keepdims=True)
        odds.append(digits - logits[:, NON_DIGIT:])
    return keras.Model(image, (odds[0] + odds[1]) / 2, name="detector")
