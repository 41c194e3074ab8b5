"""Convert the classifier and the detector from Keras to one ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition.models.cnn import INPUT_SHAPE, Classifier, without_softmax

if TYPE_CHECKING:
    import tensorflow as tf
    from onnx import ModelProto
else:
    ModelProto = Any  # Kedro evaluates the type hints of nodes

IMAGE = "image"
PROBABILITIES, LOGITS, DIGIT_LOGIT = OUTPUTS = (
    "probabilities",
    "logits",
    "digit_logit",
)


def to_onnx(model: Classifier, detector: Classifier) -> ModelProto:
    """Convert the classifier and the detector to one ONNX graph.

    The input is ``image``, float32 (n, 28, 28, 1) in 0..1. The outputs are float32:
    ``probabilities`` and ``logits`` (n, 10) of the classifier, and ``digit_logit``
    (n, 1) of the detector. The graph accepts any number n of images.

    tf2onnx is called directly, because Keras' ``model.export`` would add the name
    ``object`` to NumPy's module for the rest of the process. Only versions of tf2onnx
    that were released before NumPy 2 need ``np.object``.
    """
    import tensorflow as tf
    import tf2onnx

    network = without_softmax(model)

    def predict(image: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = network(image, training=False)
        return {
            PROBABILITIES: tf.nn.softmax(logits),
            LOGITS: logits,
            DIGIT_LOGIT: detector(image, training=False),
        }

    signature = [tf.TensorSpec((None, *INPUT_SHAPE), tf.float32, name=IMAGE)]
    function = tf.function(predict, input_signature=signature)
    model_onnx, _ = tf2onnx.convert.from_function(function, input_signature=signature)
    graph = model_onnx.graph
    graph.output.sort(key=lambda output: OUTPUTS.index(output.name))
    for tensor in (*graph.input, *graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "n"
    return model_onnx


class OnnxModel:
    """An ONNX model in memory that runs on the CPU."""

    def __init__(self, model_onnx: ModelProto):
        from digit_recognition.models import onnx_sessions

        self.onnxruntime_version = onnx_sessions.VERSION
        self._session = onnx_sessions.open_session(model_onnx.SerializeToString())

    def predict(self, images: np.ndarray, *outputs: str) -> list[np.ndarray]:
        """Return the named outputs for images, float32 (n, 28, 28, 1) in 0..1."""
        return self._session.run(list(outputs), {IMAGE: images})
