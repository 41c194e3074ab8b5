"""From Keras to ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from digit_recognition.models.cnn import INPUT_SHAPE, Classifier, without_softmax

if TYPE_CHECKING:
    import tensorflow as tf
    from onnx import ModelProto

    Answer = Callable[[tf.Tensor], dict[str, tf.Tensor]]

IMAGE = "image"
PROBABILITIES = "probabilities"
LOGITS = "logits"
DIGIT_LOGIT = "digit_logit"


def answers(model: Classifier, detector: Classifier) -> Answer:
    """What is asked of both: probabilities and logits (n, 10), digit_logit (n, 1).

    All are float32.
    """
    import tensorflow as tf

    network = without_softmax(model)

    def answer(image: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = network(image, training=False)
        return {
            PROBABILITIES: tf.nn.softmax(logits),
            LOGITS: logits,
            DIGIT_LOGIT: detector(image, training=False),
        }

    return answer


def to_onnx(answer: Answer, outputs: tuple[str, ...]) -> ModelProto:
    """The function as an ONNX graph: takes ``image``, gives ``outputs`` in this order.

    The image is float32 (n, 28, 28, 1); n is free. ``outputs`` are all the names that
    the function gives. It goes to tf2onnx without Keras' ``model.export``, which would
    set ``np.object`` for a tf2onnx older than NumPy 2.
    """
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec((None, *INPUT_SHAPE), tf.float32, name=IMAGE)]
    function = tf.function(answer, input_signature=signature)
    model, _ = tf2onnx.convert.from_function(function, input_signature=signature)
    graph = model.graph
    graph.output.sort(key=lambda output: outputs.index(output.name))
    for tensor in (*graph.input, *graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "n"
    return model
