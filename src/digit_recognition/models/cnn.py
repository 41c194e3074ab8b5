"""The CNN that classifies digits, and networks built from several of them.

All networks consist of Keras' own layers, so Keras can load them in safe mode.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition import IMAGE_SIZE, NUM_CLASSES

if TYPE_CHECKING:
    from keras import Model as Classifier
else:
    # Kedro evaluates the type hints of nodes, so the name must exist. Importing Keras
    # here would import TensorFlow (10 s) in runs that do not need it.
    Classifier = Any

INPUT_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 1)
LAST_LAYER = "probabilities"


def initial_seeds(seed: int) -> Iterator[int]:
    """Yield the seeds of the layers' initial weights, in the order of the layers.

    They are the seeds that Keras would draw after
    ``keras.utils.set_random_seed(seed)``. Keras draws them from Python's global
    generator, which other threads may use at the same time. When Keras drew the seeds
    in a Dask worker, 22 of 40 networks did not get the initial weights that belong to
    ``seed``. The seeds of this function do not depend on other threads.
    """
    generator = random.Random(seed)  # noqa: S311 (nothing is kept secret)
    while True:
        yield generator.randint(1, 10**9)


def build_cnn(
    filters: Sequence[Sequence[int]] = ((32,), (64,)),
    kernel_size: int = 3,
    dense_units: int = 128,
    dtype: str = "float32",
    name: str = "cnn",
    seeds: Iterator[int] | None = None,
) -> Classifier:
    """Build the CNN: stages of convolutions with max pooling, then dense layers.

    The input is float32 (n, 28, 28, 1) in 0..1. The output is probabilities, float32
    (n, 10). ``filters`` lists the number of filters of each convolution, stage by
    stage; a 2x2 max pooling ends each stage. ``kernel_size`` is the side of the
    convolutions' kernels in pixels, and ``dense_units`` the size of the hidden dense
    layer. ``dtype`` is Keras' dtype policy of all layers except the last layer, which
    is float32. ``seeds`` yields the seed of the initial weights of each layer; by
    default, Keras draws the seeds.

    The defaults give Conv2D(32, 3x3), MaxPooling2D, Conv2D(64, 3x3), MaxPooling2D,
    Flatten, Dense(128) and Dense(10, softmax). The hidden layers use relu.

    >>> build_cnn().count_params()
    225034
    """
    import keras
    from keras import layers

    network = keras.Sequential(name=name)
    network.add(layers.Input(INPUT_SHAPE, name="image"))
    convolutions = count(1)

    def initializer() -> keras.Initializer:
        return keras.initializers.GlorotUniform(seeds and next(seeds))

    for stage, sizes in enumerate(filters, start=1):
        for size in sizes:
            network.add(
                layers.Conv2D(
                    size,
                    kernel_size,
                    activation="relu",
                    kernel_initializer=initializer(),
                    dtype=dtype,
                    name=f"conv{next(convolutions)}",
                )
            )
        network.add(layers.MaxPooling2D(2, dtype=dtype, name=f"pool{stage}"))
    network.add(layers.Flatten(dtype=dtype, name="flatten"))
    network.add(
        layers.Dense(
            dense_units,
            activation="relu",
            kernel_initializer=initializer(),
            dtype=dtype,
            name="dense",
        )
    )
    network.add(
        layers.Dense(
            NUM_CLASSES,
            activation="softmax",
            kernel_initializer=initializer(),
            dtype="float32",
            name=LAST_LAYER,
        )
    )
    return network


def build_columns(columns: int, **options: Any) -> Classifier:
    """Build a network of several parallel CNNs, called columns, to be trained together.

    ``columns`` is the number of CNNs; ``options`` are the arguments of ``build_cnn``.
    The input is float32 (n, 28, 28, 1) in 0..1. The output is the probabilities of each
    column, float32 (n, columns, 10).

    Columns that start from different weights make different errors, so averaging them
    helps (Ciresan, Meier and Schmidhuber 2012, "Multi-column deep neural networks for
    image classification").
    """
    import keras
    from keras import layers

    image = layers.Input(INPUT_SHAPE, name="image")
    outputs = [
        build_cnn(**options, name=f"column{number}")(image)
        for number in range(1, columns + 1)
    ]
    stacked = layers.Concatenate(dtype="float32", name="answers")(outputs)
    stacked = layers.Reshape((columns, NUM_CLASSES), dtype="float32")(stacked)
    return keras.Model(image, stacked, name="columns")


def join_columns(network: Classifier) -> Classifier:
    """Join the trained columns (CNNs) of ``build_columns`` into one classifier.

    The classifier returns probabilities (n, 10). Its logits are the mean of the
    columns' logits. One dense layer computes this mean from the features of all
    columns. The kernel of this layer consists of the kernels of the columns' last
    layers, divided by the number of columns.
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
    """Build a classifier that averages the logits over five views of each image.

    The views are the image itself and the image shifted by ``pixels`` up, down, left
    and right, with black at the border. The new classifier computes the inputs of the
    last layer for each view, and averages them. This gives the mean of the logits,
    because the logits are a linear function of these inputs. The last layer is a copy
    of the last layer of ``network``. The layers before it are shared with ``network``.
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
    """Return the network with logits (n, 10) as its output; the weights are shared.

    The last layer of ``network`` must be dense with a softmax. Logits keep the
    precision that probabilities near 0 and 1 lose to rounding.
    """
    import keras

    last = network.layers[-1]
    features = keras.Model(network.inputs[0], last.input)
    logits = keras.ops.matmul(features.output, last.kernel) + last.bias
    return keras.Model(network.inputs[0], logits)


def first_column(network: Classifier) -> Classifier:
    """Return the network's first column, or the network itself if it is a single CNN.

    A column is one of several parallel CNNs. A network built by `average_shifts`
    contains another network. In this case, the result is taken from that inner network.
    """
    import keras

    inner = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    return first_column(inner[0]) if inner else network


def convolutions(network: Classifier) -> Classifier:
    """Return the first CNN of a network, up to and including its Flatten layer.

    ``network`` is a CNN or consists of several parallel CNNs. The result shares its
    weights with ``network``.

    The input is float32 (n, 28, 28, 1) in 0..1. The output is the flattened features
    of the last convolution, (n, size).
    """
    import keras

    column = first_column(network)
    flat = next(ly for ly in column.layers if isinstance(ly, keras.layers.Flatten))
    return keras.Model(column.inputs[0], flat.output, name="convolutions")
