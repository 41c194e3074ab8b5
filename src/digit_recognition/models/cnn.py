"""The networks, made of Keras' own layers only, so that safe mode loads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition import IMAGE_SIZE, NUM_CLASSES

if TYPE_CHECKING:
    from keras import Model as Classifier
else:
    # Kedro resolves the nodes' type hints; to name Keras' class here would import
    # TensorFlow (10 s) in runs that have no use for it.
    Classifier = Any

INPUT_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 1)
LAST_LAYER = "probabilities"


def build_cnn(
    filters: Sequence[Sequence[int]] = ((32,), (64,)),
    kernel_size: int = 3,
    padding: str = "valid",
    batch_normalization: bool = False,
    dense_units: int = 128,
    dropout: float = 0.0,
    dtype: str = "float32",
    name: str = "cnn",
) -> Classifier:
    """The CNN: stages of convolutions, each ended by a 2x2 max pooling, then dense.

    Takes float32 (n, 28, 28, 1) in 0..1, gives float32 probabilities (n, 10). With the
    defaults it is Conv2D(32, 3x3), MaxPooling2D, Conv2D(64, 3x3), MaxPooling2D,
    Flatten, Dense(128), Dense(10, softmax), all others relu: 225,034 parameters. A
    batch normalization follows each pooling, where there is a quarter of the values to
    normalize; dropout stands before and after the dense layer. ``dtype`` is Keras'
    policy for all layers but the last, which is float32.
    """
    import keras
    from keras import layers

    network = keras.Sequential(name=name)
    network.add(layers.Input(INPUT_SHAPE, name="image"))
    convolutions = count(1)
    for stage, sizes in enumerate(filters, start=1):
        for size in sizes:
            network.add(
                layers.Conv2D(
                    size,
                    kernel_size,
                    padding=padding,
                    activation="relu",
                    dtype=dtype,
                    name=f"conv{next(convolutions)}",
                )
            )
        network.add(layers.MaxPooling2D(2, dtype=dtype, name=f"pool{stage}"))
        if batch_normalization:
            network.add(
                layers.BatchNormalization(
                    momentum=0.9, dtype=dtype, name=f"norm{stage}"
                )
            )
    network.add(layers.Flatten(dtype=dtype, name="flatten"))
    if dropout:
        network.add(layers.Dropout(dropout, dtype=dtype, name="dropout1"))
    network.add(layers.Dense(dense_units, activation="relu", dtype=dtype, name="dense"))
    if dropout:
        network.add(layers.Dropout(dropout, dtype=dtype, name="dropout2"))
    network.add(
        layers.Dense(
            NUM_CLASSES, activation="softmax", dtype="float32", name=LAST_LAYER
        )
    )
    return network


def build_columns(columns: int, **options: Any) -> Classifier:
    """So many CNNs side by side, each of ``build_cnn``'s ``options``, to be trained.

    Takes float32 (n, 28, 28, 1) in 0..1, gives the probabilities of each column,
    float32 (n, columns, 10). Columns that start from other weights and are judged each
    on its own err otherwise, and are better together (Ciresan, Meier and Schmidhuber
    2012, "Multi-column deep neural networks for image classification").
    """
    import keras
    from keras import layers

    image = layers.Input(INPUT_SHAPE, name="image")
    answers = [
        build_cnn(**options, name=f"column{number}")(image)
        for number in range(1, columns + 1)
    ]
    together = layers.Concatenate(dtype="float32", name="answers")(answers)
    together = layers.Reshape((columns, NUM_CLASSES), dtype="float32")(together)
    return keras.Model(image, together, name="columns")


def join_columns(network: Classifier) -> Classifier:
    """The columns of ``build_columns`` as one network that gives probabilities (n, 10).

    Its logits are the mean of the columns': one dense layer on all that the columns'
    last layers take in, with their weights over the number of columns.
    """
    import keras
    from keras import layers

    columns = [layer for layer in network.layers if isinstance(layer, keras.Sequential)]
    image = layers.Input(INPUT_SHAPE, name="image")
    trunks = [
        keras.Model(column.inputs, column.layers[-1].input, name=column.name)
        for column in columns
    ]
    features = layers.Concatenate(name="features")([trunk(image) for trunk in trunks])
    last = layers.Dense(NUM_CLASSES, activation="softmax", name=LAST_LAYER)
    joined = keras.Model(image, last(features), name="joined_columns")
    kernels, biases = zip(
        *(column.layers[-1].get_weights() for column in columns), strict=True
    )
    last.set_weights([np.concatenate(kernels) / len(columns), np.mean(biases, axis=0)])
    return joined


def average_shifts(network: Classifier, pixels: int) -> Classifier:
    """The network, with the same weights, looking at each image five times.

    As it is, and shifted by ``pixels`` to each side, black coming in at the border: its
    logits are the mean of the five. As the last layer is linear but for its softmax,
    what the layer before it gives is averaged.
    """
    import keras
    from keras import layers

    trunk = keras.Model(network.inputs, network.layers[-1].input, name="trunk")
    image = layers.Input(INPUT_SHAPE, name="image")
    padded = layers.ZeroPadding2D(pixels, name="padding")(image)
    views = [
        layers.Cropping2D(((top, 2 * pixels - top), (left, 2 * pixels - left)))(padded)
        for top, left in (
            *((pixels, pixels), (0, pixels), (2 * pixels, pixels)),
            *((pixels, 0), (pixels, 2 * pixels)),
        )
    ]
    features = layers.Average(name="average")([trunk(view) for view in views])
    last = layers.Dense.from_config(network.layers[-1].get_config())
    averaged = keras.Model(image, last(features), name="cnn_on_shifts")
    last.set_weights(network.layers[-1].get_weights())
    return averaged


def without_softmax(network: Classifier) -> Classifier:
    """The same network, sharing its weights, that gives logits (n, 10).

    The last layer is taken to be dense with a softmax. Logits keep what probabilities
    near 0 and 1 lose to rounding.
    """
    import keras

    last = network.layers[-1]
    features = keras.Model(network.inputs[0], last.input)
    logits = keras.ops.matmul(features.output, last.kernel) + last.bias
    return keras.Model(network.inputs[0], logits)


def first_column(network: Classifier) -> Classifier:
    """The first chain of layers from an image on, of those side by side in a network.

    It is the network itself where there are no others in it.
    """
    import keras

    inner = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    return first_column(inner[0]) if inner else network


def convolutions(network: Classifier) -> Classifier:
    """The same network, sharing its weights, up to its convolutions' end: (n, values).

    Of several columns it is the first, of several views the image as it is.
    """
    import keras

    column = first_column(network)
    flat = next(ly for ly in column.layers if isinstance(ly, keras.layers.Flatten))
    return keras.Model(column.inputs[0], flat.output, name="convolutions")
