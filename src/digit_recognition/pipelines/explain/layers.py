"""What a network is made of, and what each layer makes of one image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from digit_recognition.models.cnn import Classifier, first_column, without_softmax

STEPS = 32
"""Images on the way from black to the image, over which gradients are averaged."""


class Layer(NamedTuple):
    """One layer of a network, with those of the networks in it.

    ``name`` is its own, after those of the networks that it is in; ``shape`` that of
    its output for one image; ``passes`` how often it works on one image;
    ``multiplications`` are of inputs by weights, in all passes.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    passes: int
    multiplications: int


class Stage(NamedTuple):
    """What one layer makes of an image: ``output`` (h, w, maps) or (n,), float32."""

    name: str
    kind: str
    output: np.ndarray
    told: str
    """In a plain sentence, what happens there."""


def layers_of(network: Classifier) -> list[Layer]:
    """All layers of the network, in the order in which they work."""
    return list(_layers(network, "", 1))


def _layers(network: Classifier, within: str, passes: int) -> Iterator[Layer]:
    import keras

    described = network.get_config()["layers"]
    calls = {
        layer["config"]["name"]: max(1, len(layer.get("inbound_nodes", ())))
        for layer in described
    }
    for layer in network.layers:
        name = f"{within}{layer.name}"
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
        case layers.BatchNormalization():
            return int(np.prod(shape))
        case _:
            return 0


def trace(network: Classifier, image: np.ndarray) -> list[Stage]:
    """What each layer of the first column makes of an image, and the answer of all.

    ``image`` is float32 (28, 28, 1) in 0..1 and the first stage.
    """
    import keras
    from keras import layers

    column = first_column(network)
    chain = [
        layer
        for layer in column.layers
        if not isinstance(layer, layers.InputLayer | layers.Dropout)
    ]
    if column is network:
        chain = chain[:-1]
    outputs = keras.Model(column.inputs[0], [layer.output for layer in chain])
    arrays = [np.asarray(array)[0] for array in outputs(image[None])]
    answer = np.asarray(network(image[None]))[0]
    stages = [Stage("image", "image", image, "The pixels: 0 is paper, 1 is ink.")]
    for layer, values in zip(chain, arrays, strict=True):
        told = _told(layer, stages[-1].output)
        stages.append(Stage(layer.name, type(layer).__name__, values, told))
    return [*stages, Stage("probabilities", "Softmax", answer, _told_of_all(network))]


def _told(layer: Classifier, before: np.ndarray) -> str:
    from keras import layers

    match layer:
        case layers.Conv2D():
            rows, columns, *_ = layer.kernel.shape
            return (
                f"{layer.filters} filters of {rows}x{columns} pixels, each looking "
                "everywhere for one pattern. Bright: found. What is below 0 becomes 0 "
                "(relu)."
            )
        case layers.MaxPooling2D():
            rows, columns = layer.pool_size
            return f"Of each {rows}x{columns} pixels the strongest stays."
        case layers.BatchNormalization():
            return "Each map is rescaled by what was learned of its mean and spread."
        case layers.Flatten():
            return f"All {before.shape[-1]} maps in one row, pixel after pixel."
        case layers.Dense():
            return (
                f"{layer.units} units, each weighing all {before.size:,} values in its "
                "own way (relu)."
            )
        case _:
            return f"{type(layer).__name__}."


def _told_of_all(network: Classifier) -> str:
    softmax = "Ten scores become shares of 1 (softmax)."
    columns, looks = _side_by_side(network)
    if columns * looks == 1:
        return softmax
    ways = []
    if columns > 1:
        ways.append(f"{columns} such columns")
    if looks > 1:
        ways.append(f"{looks} shifts of the image")
    return f"The mean of {' and '.join(ways)}. {softmax}"


def _side_by_side(network: Classifier) -> tuple[int, int]:
    """How many columns there are, and how often each looks at an image."""
    flat = [layer for layer in layers_of(network) if layer.kind == "Flatten"]
    return len(flat), flat[0].passes


def first_filters(network: Classifier) -> np.ndarray:
    """The filters of the first convolution, float32 (n, rows, columns)."""
    from keras import layers

    column = first_column(network)
    first = next(layer for layer in column.layers if isinstance(layer, layers.Conv2D))
    return np.asarray(first.kernel)[:, :, 0].transpose(2, 0, 1)


def attribute(
    network: Classifier, image: np.ndarray, digits: Iterable[int]
) -> dict[int, np.ndarray]:
    """For each of the digits, by how much each pixel raised its score.

    Float32 (28, 28): integrated gradients from a black image on (Sundararajan, Taly
    and Yan 2017, "Axiomatic attribution for deep networks"). They nearly add up to
    the digit's logit for the image less that for the black one. ``image`` is float32
    (28, 28, 1).
    """
    import tensorflow as tf

    logits = without_softmax(network)
    share = (np.arange(STEPS, dtype=np.float32) + 0.5) / STEPS
    images = tf.constant(share[:, None, None, None] * image)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        scores = tf.unstack(logits(images, training=False), axis=1)
    gradients = {digit: tape.gradient(scores[digit], images) for digit in digits}
    return {
        digit: (gradient.numpy().mean(axis=0) * image)[..., 0]
        for digit, gradient in gradients.items()
    }
