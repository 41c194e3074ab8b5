import keras
import numpy as np
import onnx
import pytest
from conftest import randomize

from digit_recognition.models.cnn import (
    average_shifts,
    build_cnn,
    build_columns,
    convolutions,
    join_columns,
    without_softmax,
)
from digit_recognition.models.detector import (
    build_detector_head,
    join_detector,
)
from digit_recognition.models.onnx_export import OUTPUTS, OnnxModel, to_onnx

pytestmark = pytest.mark.runs

IMAGES = np.random.default_rng(0).random((50, 28, 28, 1), np.float32)


@pytest.fixture(scope="module")
def detector():
    keras.utils.set_random_seed(1)
    backbone = convolutions(randomize(build_cnn(filters=[[2]], dense_units=4)))
    head = randomize(build_detector_head(backbone.output_shape[1]))
    return join_detector(backbone, head)


def test_inputs_and_outputs_are_named_and_take_any_number_of_images(detector):
    model_onnx = to_onnx(build_cnn(filters=[[2]], dense_units=4), detector)
    onnx.checker.check_model(model_onnx, full_check=True)
    graph = model_onnx.graph
    shapes = {
        tensor.name: [
            d.dim_param or d.dim_value for d in tensor.type.tensor_type.shape.dim
        ]
        for tensor in (*graph.input, *graph.output)
    }
    assert shapes == {
        "image": ["n", 28, 28, 1],
        "probabilities": ["n", 10],
        "logits": ["n", 10],
        "digit_logit": ["n", 1],
    }
    for count in (0, 1, 7):
        outputs = OnnxModel(model_onnx).predict(IMAGES[:count], *OUTPUTS)
        assert [a.shape for a in outputs] == [(count, 10), (count, 10), (count, 1)]
        assert {a.dtype for a in outputs} == {np.dtype(np.float32)}


def columns():
    return join_columns(randomize(build_columns(2, filters=[[2], [3]], dense_units=4)))


@pytest.mark.parametrize(
    "build",
    [
        build_cnn,
        lambda: build_cnn(filters=[[3, 4], [5]], kernel_size=5),
        columns,
        lambda: average_shifts(columns(), 1),
    ],
)
def test_every_network_of_a_recipe_computes_the_same_as_in_keras(build, detector):
    network = randomize(build())
    onnx_model = OnnxModel(to_onnx(network, detector))
    probabilities, logits, digit_logits = onnx_model.predict(IMAGES, *OUTPUTS)
    expected = without_softmax(network).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    expected = network.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    expected = detector.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(digit_logits, expected, atol=1e-4)
    assert min(np.ptp(found, axis=0).max() for found in (logits, digit_logits)) > 0.01
