"""The networks, made of Keras' own layers only, so that safe mode loads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras import Sequential as Classifier
else:
    # Kedro resolves the nodes' type hints; to name Keras' class here would import
    # TensorFlow (10 s) in runs that have no use for it.
    Classifier = Any

INPUT_SHAPE = (28, 28, 1)
CLASSES = 10


def build_cnn(
    filters: Sequence[int] = (32, 64), kernel_size: int = 3, dense_units: int = 128
) -> Classifier:
    """The CNN: for each of ``filters`` a convolution and a 2x2 max pooling, then dense.

    Takes float32 (n, 28, 28, 1) in 0..1, gives probabilities (n, 10). With the defaults
    it is Conv2D(32, 3x3), MaxPooling2D, Conv2D(64, 3x3), MaxPooling2D, Flatten,
    Dense(128), Dense(10, softmax), all others relu: 225,034 parameters.
    """
    import keras
    from keras import layers

    network = keras.Sequential(name="cnn")
    network.add(layers.Input(INPUT_SHAPE, name="image"))
    for count in filters:
        network.add(layers.Conv2D(count, kernel_size, activation="relu"))
        network.add(layers.MaxPooling2D(2))
    network.add(layers.Flatten())
    network.add(layers.Dense(dense_units, activation="relu"))
    network.add(layers.Dense(CLASSES, activation="softmax"))
    return network


def without_softmax(network: Classifier) -> Classifier:
    """The same network, sharing its weights, that gives logits (n, 10).

    The last layer is taken to be dense with a softmax. Logits keep what probabilities
    near 0 and 1 lose to rounding.
    """
    import keras

    last = network.layers[-1]
    features = keras.Model(network.inputs, last.input)
    logits = keras.ops.matmul(features.output, last.kernel) + last.bias
    return keras.Model(network.inputs, logits)
