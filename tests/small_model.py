"""A small exported model, made without TensorFlow in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

from digit_recognition.recognition.acceptance import ValidationResults

TEMPERATURE = 2.0
MODEL_VERSION = "2026-01-01T00.00.00.000Z"

# 4000 right digits of confidence 0.9 to 1, and 20 wrong ones of confidence 0.6.
CONFIDENCE = np.concatenate([np.linspace(0.9, 1, 4000), np.full(20, 0.6)])
VALIDATION = ValidationResults(
    CONFIDENCE,
    np.arange(4020) >= 4000,
    np.ones(4020, np.float32),
    np.arange(4020) // 4,
)
METADATA = {
    "temperature": str(TEMPERATURE),
    "validation": VALIDATION.to_json(),
    "model_version": MODEL_VERSION,
    "model_digest": "abc",
    "recipe": "standard",
    "dataset": "mnist",
    "seed": "0",
}


def pooled(images: np.ndarray) -> np.ndarray:
    """Return the maximum of each 2x2 pixels, (n, 196), of images in 0..1."""
    return images.reshape(-1, 14, 2, 14, 2).max(axis=(2, 4)).reshape(-1, 196)


def write_model(path: Path, digits: dict[str, np.ndarray], sign: int = 1) -> None:
    """Write a model of a convolution, a pooling and a dense layer.

    The convolution has two filters: the pixel itself, and its negative. The dense layer
    is a logistic regression on the first of them. ``sign`` is that of the detector's
    logit: 1 for digits.
    """
    images = digits["x_train"].reshape(-1, 28, 28) / 255
    labels = digits["y_train"]
    fitted = LogisticRegression(C=1, max_iter=200).fit(pooled(images), labels)
    weights = np.zeros((392, 10))
    weights[:196] = fitted.coef_.T * 3
    constants = {
        "to_maps": np.array([-1, 1, 28, 28], np.int64),
        "filters": np.array([1.0, -1.0]).reshape(2, 1, 1, 1),
        "to_vector": np.array([-1, 392], np.int64),
        "weights": weights,
        "bias": fitted.intercept_ * 3,
        "detector": np.full((392, 1), sign, np.float32),
    }
    nodes = [
        ("Reshape", "maps", ["image", "to_maps"], {}),
        ("Conv", "cnn_1/conv1_1/Conv", ["maps", "filters"], {}),
        ("Relu", "cnn_1/conv1_1/Relu", ["cnn_1/conv1_1/Conv:0"], {}),
        (
            *("MaxPool", "cnn_1/pool1_1/MaxPool2d", ["cnn_1/conv1_1/Relu:0"]),
            {"kernel_shape": [2, 2], "strides": [2, 2]},
        ),
        ("Reshape", "flat", ["cnn_1/pool1_1/MaxPool2d:0", "to_vector"], {}),
        ("MatMul", "cnn_1/MatMul", ["flat", "weights"], {}),
        ("Add", "logits", ["cnn_1/MatMul:0", "bias"], {}),
        ("Softmax", "probabilities", ["logits"], {}),
        ("MatMul", "digit_logit", ["flat", "detector"], {}),
    ]
    outputs = {"probabilities": 10, "logits": 10, "digit_logit": 1}
    graph = helper.make_graph(
        [
            helper.make_node(
                kind,
                inputs,
                [name if "/" not in name else f"{name}:0"],
                name=name,
                **options,
            )
            for kind, name, inputs, options in nodes
        ],
        "small",
        [_tensor("image", 28, 28, 1)],
        [_tensor(name, size) for name, size in outputs.items()],
        [
            numpy_helper.from_array(
                value if value.dtype == np.int64 else value.astype(np.float32), name
            )
            for name, value in constants.items()
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8
    )
    helper.set_model_props(model, METADATA)
    onnx.save(model, path)


def _tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
