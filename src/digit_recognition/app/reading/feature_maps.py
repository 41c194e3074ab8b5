"""Compute the output of each layer of the exported classifier for a digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

KINDS = {
    "Conv": "convolution",
    "MaxPool": "pooling",
    "AveragePool": "pooling",
    "MatMul": "dense",
    "Gemm": "dense",
}
"""Maps each ONNX operation that starts a layer to the kind of the layer."""

REARRANGING = ("Reshape", "Transpose", "Flatten", "Squeeze", "Concat")
"""ONNX operations that only rearrange values. They belong to no layer: the output of a
layer is taken before them."""

LAST = "logits"


class LayerOutput(NamedTuple):
    """The output of one layer for one digit.

    ``kind`` is ``convolution``, ``pooling`` or ``dense``. ``array`` is the output,
    float32. Its ``shape`` is (units,) for a dense layer, and (rows, columns, maps) for
    the other kinds.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    array: np.ndarray


class FeatureMaps:
    """Computes the output of each layer of an exported classifier.

    If a layer has an activation function, its output is the result of this function.

    Some models average the logits of several CNNs, or of several shifted copies of the
    image. For these models, the outputs of the layers before the logits come from the
    first CNN and the first copy.
    """

    def __init__(self, model: Path):
        """Load an ONNX file, and make each layer's output an output of the model."""
        import onnx

        from digit_recognition.models.onnx_sessions import open_session

        graph_model = onnx.load(model)
        self._layers = list(_find_layers(graph_model))
        known = {output.name for output in graph_model.graph.output}
        for _, _, tensor in self._layers:
            if tensor not in known:
                graph_model.graph.output.append(onnx.ValueInfoProto(name=tensor))
        self._session = open_session(
            graph_model.SerializeToString(), intra_op_num_threads=1
        )

    def compute(self, field: np.ndarray) -> list[LayerOutput]:
        """Return the output of each layer for a digit.

        ``field`` is the digit in MNIST's format, (28, 28) in 0..1. The outputs are in
        the order of the layers. The output of the last layer is the logits.
        """
        image = np.asarray(field, np.float32)[None, ..., None]
        arrays = self._session.run(
            [tensor for _, _, tensor in self._layers], {"image": image}
        )
        return [
            LayerOutput(name, kind, output.shape, output)
            for (name, kind, _), array in zip(self._layers, arrays, strict=True)
            for output in [_maps_last(array[0])]
        ]


def _maps_last(array: np.ndarray) -> np.ndarray:
    """Convert an array (maps, rows, columns) to (rows, columns, maps).

    An array (units,) is returned unchanged.
    """
    return np.moveaxis(array, 0, -1) if array.ndim > 1 else array


def _find_layers(model: ModelProto) -> Iterator[tuple[str, str, str]]:
    """Yield (name, kind, name of the output tensor) of each layer, up to the logits."""
    layer: tuple[str, str] | None = None
    tensor = ""
    for node in _chain(model):
        if layer and (node.op_type in KINDS or node.op_type in REARRANGING):
            yield *layer, tensor
            layer = None
        if node.op_type in KINDS:
            layer = _layer_name(node), KINDS[node.op_type]
        tensor = node.output[0]
    yield LAST, "dense", tensor


def _chain(model: ModelProto) -> list[NodeProto]:
    """Return the operations on one path from the image to the logits.

    If several inputs of an operation depend on the image, the path leads through the
    first of them.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    uses_image = {"image"}
    for node in model.graph.node:  # in topological order, as ONNX requires
        if uses_image.intersection(node.input):
            uses_image.update(node.output)
    chain, tensor = [], LAST
    while tensor in makers:
        chain.append(makers[tensor])
        tensor = next(name for name in chain[-1].input if name in uses_image)
    return chain[::-1]


def _layer_name(node: NodeProto) -> str:
    """Return the name of a node's layer: ``conv1`` for ``cnn_1/conv1_1/BiasAdd``."""
    parts = node.name.split("/")
    name = parts[-2] if len(parts) > 1 else parts[-1]
    return re.sub(r"_\d+$", "", name)
