"""List the layers of a network, and compute their outputs for an image.

Also compute the contribution of each pixel to the logit of a digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from digit_recognition.models.cnn import Classifier, first_column, without_softmax

STEPS = 32
"""Number of images over which gradients are averaged. They are copies of the explained
image, darkened by different amounts between black and full brightness."""


class Layer(NamedTuple):
    """The description of one layer of a network.

    - ``name``: name of the layer. If the layer is in a nested network, the name of the
      nested network comes first, as in ``trunk/column1/conv1``.
    - ``kind``: name of the layer's class in Keras, such as ``Conv2D``.
    - ``shape``: shape of the layer's output for one image.
    - ``parameters``: number of weights and biases.
    - ``passes``: number of times that the network applies the layer to classify one
      image.
    - ``multiplications``: number of multiplications of an input by a weight, in all
      passes together.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    passes: int
    multiplications: int


class Stage(NamedTuple):
    """The output of one layer for an image.

    ``output`` is float32: either (h, w, k), which are k feature maps, or a vector (n,).
    ``kind`` is the name of the layer's class in Keras, except for two stages. The first
    stage is the image itself, and its kind is ``image``. The last stage has the
    probabilities, and its kind is ``Softmax``.
    """

    name: str
    kind: str
    output: np.ndarray
    description: str
    """What the layer does, in a sentence or two."""


def layers_of(network: Classifier) -> list[Layer]:
    """List the layers in the order in which the network applies them.

    The layers of nested networks are included. Input layers are left out.
    """
    return list(_layers(network, "", 1))


def _layers(network: Classifier, prefix: str, passes: int) -> Iterator[Layer]:
    import keras

    calls = {
        layer["config"]["name"]: max(1, len(layer.get("inbound_nodes", ())))
        for layer in network.get_config()["layers"]
    }
    for layer in network.layers:
        name = f"{prefix}{layer.name}"
        times = passes * calls.get(layer.name, 1)
        if isinstance(layer, keras.Model):
            yield from _layers(layer, f"{name}/", times)
        elif not isinstance(layer, keras.layers.InputLayer):
            shape = tuple(layer.output.shape[1:])
            yield Layer(
                name=name,
                kind=type(layer).__name__,
                shape=shape,
                parameters=layer.count_params(),
                passes=times,
                multiplications=times * _multiplications(layer, shape),
            )


def _multiplications(layer: Classifier, shape: tuple[int, ...]) -> int:
    from keras import layers

    match layer:
        case layers.Conv2D():
            return int(np.prod(shape) * np.prod(layer.kernel.shape[:-1]))
        case layers.Dense():
            return int(np.prod(layer.kernel.shape))
        case _:
            return 0


def trace(network: Classifier, image: np.ndarray) -> list[Stage]:
    """Compute the output of each layer for an image, float32 (28, 28, 1) in 0..1.

    The first stage is the image itself. The next stages are the outputs of the layers.
    The last stage has the probabilities of the whole network.

    If the network has several columns (CNNs side by side), only the layers of the first
    column are included. If the network averages over shifts of the image, the layers'
    outputs are computed for the unshifted image only.
    """
    import keras

    column = first_column(network)
    chain = [
        layer
        for layer in column.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    if column is network:
        chain = chain[:-1]
    outputs = keras.Model(column.inputs[0], [layer.output for layer in chain])
    arrays = [np.asarray(array)[0] for array in outputs(image[None])]
    answer = np.asarray(network(image[None]))[0]
    stages = [Stage("image", "image", image, "The pixels: 0 is background, 1 is ink.")]
    for layer, values in zip(chain, arrays, strict=True):
        description = _describe(layer, stages[-1].output)
        stages.append(Stage(layer.name, type(layer).__name__, values, description))
    description = _describe_answer(network)
    return [*stages, Stage("probabilities", "Softmax", answer, description)]


def _describe(layer: Classifier, inputs: np.ndarray) -> str:
    from keras import layers

    match layer:
        case layers.Conv2D():
            rows, columns, *_ = layer.kernel.shape
            return (
                f"{layer.filters} filters of {rows}x{columns} pixels, each for one "
                "pattern. Bright: pattern found. Negative values become 0 (ReLU)."
            )
        case layers.MaxPooling2D():
            rows, columns = layer.pool_size
            return f"Keeps the largest of each {rows}x{columns} values."
        case layers.Flatten():
            return f"All {inputs.shape[-1]} maps in one vector, pixel by pixel."
        case layers.Dense():
            return (
                f"{layer.units} units, each with its own weighted sum of all "
                f"{inputs.size:,} values (ReLU)."
            )
        case _:
            return f"{type(layer).__name__}."


def _describe_answer(network: Classifier) -> str:
    softmax = "Ten scores become probabilities (softmax)."
    flat = [layer for layer in layers_of(network) if layer.kind == "Flatten"]
    columns, shifts = len(flat), flat[0].passes
    averaged = []
    if columns > 1:
        averaged.append(f"{columns} such columns")
    if shifts > 1:
        averaged.append(f"{shifts} shifts of the image")
    return f"Averages {' and '.join(averaged)}. {softmax}" if averaged else softmax


def first_filters(network: Classifier) -> np.ndarray:
    """Return the filters of the first convolution, float32 (n, rows, columns)."""
    from keras import layers

    column = first_column(network)
    first = next(layer for layer in column.layers if isinstance(layer, layers.Conv2D))
    return np.asarray(first.kernel)[:, :, 0].transpose(2, 0, 1)


def attribute(
    network: Classifier, image: np.ndarray, digits: Iterable[int]
) -> dict[int, np.ndarray]:
    """Compute the contribution of each pixel to the logit of each digit.

    ``image`` is float32 (28, 28, 1) in 0..1. The result maps each digit in ``digits``
    to the contributions, float32 (28, 28). They are integrated gradients from a black
    image to ``image`` (Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep
    networks"). The sum of a digit's contributions is approximately the digit's logit
    for ``image`` minus its logit for a black image.
    """
    import tensorflow as tf

    logits = without_softmax(network)
    brightness = (np.arange(STEPS, dtype=np.float32) + 0.5) / STEPS
    images = tf.constant(brightness[:, None, None, None] * image)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        scores = tf.unstack(logits(images, training=False), axis=1)
    gradients = {digit: tape.gradient(scores[digit], images) for digit in digits}
    return {
        digit: (gradient.numpy().mean(axis=0) * image)[..., 0]
        for digit, gradient in gradients.items()
    }
