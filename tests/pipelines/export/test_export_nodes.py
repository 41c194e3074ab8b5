import json

import keras
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from conftest import randomize

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import EvaluateParameters
from digit_recognition.models.cnn import build_cnn, convolutions
from digit_recognition.models.detector import (
    build_detector_head,
    join_detector,
)
from digit_recognition.models.onnx_export import to_onnx
from digit_recognition.pipelines.export.nodes import compare_with_keras, export_model
from digit_recognition.recognition.acceptance import ValidationResults
from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    fit_temperature,
)

pytestmark = pytest.mark.runs

IMAGES = np.random.default_rng(0).random((50, 28, 28, 1), np.float32)
LABELS = np.eye(10, dtype=np.float32)[np.arange(50) % 10]
PARAMETERS = EvaluateParameters(allow_other_data=False)
LINEAGE = {
    "versions": {
        **{"model": "m1", "x_test": "a1"},
        **{"detector": "d1", "detector_predictions": "d1"},
    },
    "code_revision": "abc",
    "processor": "cpu",
}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return randomize(build_cnn(filters=[[2]], dense_units=4))


@pytest.fixture(scope="module")
def detector(model):
    backbone = convolutions(model)
    head = randomize(build_detector_head(backbone.output_shape[1]))
    return join_detector(backbone, head)


def digest(network):
    return weights_digest(network.get_weights())


@pytest.fixture(scope="module")
def inputs(model, detector):
    """The inputs of the node by name."""
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1, (400, 10))
    labels = rng.integers(0, 10, 400)
    logits[np.arange(400), labels] += 10
    logits[:3] = -logits[:3]
    names = [f"logit{digit}" for digit in range(10)]
    data = {
        "dataset": "mnist-sample",
        "dataset_digest": "s",
        "digests": {"x_test": array_digest(IMAGES), "y_test": array_digest(LABELS)},
    }
    return {
        "model": model,
        "training": {
            **data,
            "model_digest": digest(model),
            "recipe": "standard",
            "seed": 3,
        },
        "detector": detector,
        "detector_training": {
            "model_digest": digest(model),
            "detector_digest": digest(detector),
        },
        "detector_predictions": pd.DataFrame(
            {
                "index": rng.permutation(400),
                "number": np.arange(400) // 4,
                "label": labels,
                "digit_logit": rng.normal(5, 2, 400),
            }
        ).assign(**dict(zip(names, logits.T, strict=True))),
        "x_test": IMAGES,
        "y_test": LABELS,
        "dataset_info": data,
        "parameters": PARAMETERS,
        "lineage": LINEAGE,
    }


@pytest.fixture(scope="module")
def exported(inputs):
    return export_model(**inputs)


def test_the_metadata_describe_the_model_and_its_validation_results(exported, inputs):
    session = onnxruntime.InferenceSession(exported[1].SerializeToString())
    metadata = session.get_modelmeta().custom_metadata_map
    predictions = inputs["detector_predictions"]
    logits = predictions.filter(regex=r"^logit").to_numpy()
    temperature = float(metadata.pop("temperature"))
    assert temperature == fit_temperature(logits, predictions["label"])
    results = ValidationResults.from_json(metadata.pop("validation"))
    np.testing.assert_array_equal(
        results.confidence, calibrated_confidence(logits, temperature)
    )
    assert np.flatnonzero(results.wrong).tolist() == [0, 1, 2]
    np.testing.assert_allclose(
        results.digit_logit, predictions["digit_logit"], rtol=1e-6
    )
    np.testing.assert_array_equal(results.number, predictions["number"])
    assert metadata == {
        "model_version": "m1",
        "model_digest": digest(inputs["model"]),
        "recipe": "standard",
        "seed": "3",
        "dataset": "mnist-sample",
        "dataset_digest": "s",
        "validation_images": "400",
    }
    assert "digits like MNIST's" in exported[1].doc_string


def test_the_check_has_differences_speeds_and_the_origin(exported, inputs):
    check, _ = exported
    assert 0 <= check["largest_difference"] < 1e-5
    assert 0 <= check["largest_logit_difference"] < 1e-3
    assert 0 <= check["largest_digit_logit_difference"] < 1e-3
    expected = {
        "different_answers": 0,
        "test_images": 50,
        "onnxruntime_version": onnxruntime.__version__,
        "dataset": "mnist-sample",
        "trained_on": "mnist-sample",
        "model_version": "m1",
        "model_digest": digest(inputs["model"]),
        "data_version": "a1",
        "recipe": "standard",
        "seed": 3,
        "code_revision": "abc",
    }
    assert expected.items() <= check.items()
    for name in ("keras", "onnx"):
        for batch in (1, 32, 1000):
            assert check[f"{name}_images_per_second_{batch}"] > 0
    json.dumps(check)


def rotate_classes(model_onnx, by):
    """The model with its probabilities moved to other digits."""
    other = onnx.ModelProto.FromString(model_onnx.SerializeToString())
    last = next(node for node in other.graph.node if node.op_type == "Softmax")
    kernel = np.roll(np.eye(10, dtype=np.float32), by, axis=1)
    other.graph.initializer.append(onnx.numpy_helper.from_array(kernel, "moved"))
    last.output[0] = "before"
    other.graph.node.append(
        onnx.helper.make_node("MatMul", ["before", "moved"], ["probabilities"])
    )
    return other


def test_different_digits_are_refused(model, detector, exported):
    compare_with_keras(model, detector, rotate_classes(exported[1], 0), IMAGES)
    with pytest.raises(ProjectError, match="50 different digits on 50 test images"):
        compare_with_keras(model, detector, rotate_classes(exported[1], 1), IMAGES)


def test_probabilities_that_differ_too_much_are_refused(exported, model, detector):
    near = build_cnn(filters=[[2]], dense_units=4)
    near.set_weights([weight * 1.001 for weight in model.get_weights()])
    with pytest.raises(ProjectError, match=r"probabilities .* apart and 0 different"):
        compare_with_keras(near, detector, exported[1], IMAGES)


def test_digit_logits_that_differ_too_much_are_refused(exported, model, detector):
    near = keras.models.clone_model(detector)
    near.set_weights([weight * 1.01 for weight in detector.get_weights()])
    with pytest.raises(ProjectError, match=r"digit_logit .* apart and 0 different"):
        compare_with_keras(model, near, exported[1], IMAGES)


def test_probabilities_that_are_nan_are_refused(model, detector):
    broken = build_cnn(filters=[[2]], dense_units=4)
    broken.set_weights([weight * np.nan for weight in model.get_weights()])
    with pytest.raises(ProjectError, match="up to nan apart"):
        compare_with_keras(broken, detector, to_onnx(broken, detector), IMAGES)


def test_the_record_of_another_model_is_refused(inputs):
    training = inputs["training"] | {"model_digest": "0123456789abcdef"}
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        export_model(**inputs | {"training": training})


@pytest.mark.parametrize("key", ["model_digest", "detector_digest"])
def test_a_detector_of_another_model_is_refused(inputs, key):
    record = inputs["detector_training"] | {key: "0123456789abcdef"}
    with pytest.raises(ProjectError, match="expected a detector of the model"):
        export_model(**inputs | {"detector_training": record})


def test_predictions_of_another_detector_are_refused(inputs):
    versions = LINEAGE["versions"] | {"detector_predictions": "d0"}
    lineage = LINEAGE | {"versions": versions}
    with pytest.raises(ProjectError, match="the detector's version d1, received d0"):
        export_model(**inputs | {"lineage": lineage})


def test_test_images_of_another_dataset_are_refused(inputs):
    with pytest.raises(ProjectError, match="received other arrays"):
        export_model(**inputs | {"x_test": IMAGES[::-1]})
