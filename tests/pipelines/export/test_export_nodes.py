import json

import keras
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import (
    average_shifts,
    build_cnn,
    build_columns,
    convolutions,
    join_columns,
    without_softmax,
)
from digit_recognition.models.detector import (
    Detector,
    DetectorParameters,
    ExportParameters,
    build_head,
    build_network,
    digit_logit,
    train_detector,
)
from digit_recognition.models.onnx_export import answers, to_onnx
from digit_recognition.pipelines.export.nodes import (
    check_export,
    export_model,
    fit_detector,
)
from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    fit_temperature,
)
from digit_recognition.recognition.thresholds import Threshold, load_thresholds
from digit_recognition.runtime import make_deterministic

IMAGES = np.random.default_rng(0).random((50, 28, 28, 1), np.float32)
OUTPUTS = ("probabilities", "logits", "digit_logit")
TEST_DATA = {"dataset": "mnist", "dataset_digest": "d"}
LINEAGE = {
    "versions": {"model": "m1", "validation_predictions": "m1", "x_test": "a1"},
    "code_revision": "abc",
    "processor": "cpu",
}


def different(network):
    """The network, with weights of its own in each layer, biases included."""
    rng = np.random.default_rng(1)
    network.set_weights(
        [weight + rng.normal(0, 0.1, weight.shape) for weight in network.get_weights()]
    )
    return network


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return different(build_cnn(filters=[[2]], dense_units=4))


@pytest.fixture(scope="module")
def detector(model):
    eyes = convolutions(model)
    head = different(build_head(eyes.output_shape[1]))
    network = digit_logit(eyes, head, different(build_network()))
    return Detector(network, 0.5, 0.99, np.ones(400, bool))


def record(network):
    return {
        "model_digest": weights_digest(network.get_weights()),
        "dataset": "mnist-sample",
        "dataset_digest": "s",
        "recipe": "standard",
        "seed": 3,
    }


@pytest.fixture(scope="module")
def validation():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1, (400, 10))
    labels = rng.integers(0, 10, 400)
    logits[np.arange(400), labels] += 10
    logits[:3] = -logits[:3]
    names = [f"logit{digit}" for digit in range(10)]
    return pd.DataFrame({"index": range(400), "label": labels}).assign(
        **dict(zip(names, logits.T, strict=True))
    )


def session_of(model_onnx):
    return onnxruntime.InferenceSession(model_onnx.SerializeToString())


@pytest.fixture(scope="module")
def exported(model, detector, validation):
    arguments = (validation, IMAGES, TEST_DATA, LINEAGE)
    return export_model(model, detector, record(model), *arguments)


def test_input_and_outputs_have_their_names_and_any_number_of_images(exported):
    _, model_onnx = exported
    onnx.checker.check_model(model_onnx, full_check=True)
    session = session_of(model_onnx)
    (image,) = session.get_inputs()
    assert (image.name, image.shape, image.type) == (
        *("image", ["n", 28, 28, 1], "tensor(float)"),
    )
    assert [(output.name, output.shape) for output in session.get_outputs()] == [
        ("probabilities", ["n", 10]),
        ("logits", ["n", 10]),
        ("digit_logit", ["n", 1]),
    ]
    for count in (0, 1, 7):
        found = session.run(None, {"image": IMAGES[:count]})
        assert [a.shape for a in found] == [(count, 10), (count, 10), (count, 1)]
        assert {a.dtype for a in found} == {np.dtype(np.float32)}


def columns():
    return join_columns(different(build_columns(2, filters=[[2], [3]], dense_units=4)))


@pytest.mark.parametrize(
    "build",
    [
        build_cnn,
        lambda: build_cnn(padding="same", batch_normalization=True, dropout=0.5),
        lambda: build_cnn(filters=[[3, 4], [5]], kernel_size=5, padding="same"),
        columns,
        lambda: average_shifts(build_cnn(filters=[[2]], dense_units=4), 2),
        lambda: average_shifts(columns(), 1),
    ],
)
def test_every_kind_of_network_answers_as_in_keras(build, detector):
    network = different(build())
    session = session_of(to_onnx(answers(network, detector.network), OUTPUTS))
    probabilities, logits, digit_logits = session.run(None, {"image": IMAGES})
    expected = without_softmax(network).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    expected = network.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    expected = detector.network.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(digit_logits, expected, atol=1e-4)
    assert min(np.ptp(found, axis=0).max() for found in (logits, digit_logits)) > 0.01


def test_the_metadata_tell_whose_model_it_is_and_when_to_trust_it(
    model, exported, validation
):
    metadata = session_of(exported[1]).get_modelmeta().custom_metadata_map
    logits = validation.filter(like="logit").to_numpy()
    temperature = float(metadata.pop("temperature"))
    assert temperature == fit_temperature(logits, validation["label"])
    thresholds = load_thresholds(metadata.pop("thresholds"))
    highest = calibrated_confidence(logits[:3], temperature).max()
    assert thresholds[-1] == Threshold(
        None, highest, *_accepted(calibrated_confidence(logits, temperature) > highest)
    )
    assert thresholds[0] == Threshold(0.1, 0.0, 1.0, 400, 3)
    assert metadata == {
        "model_version": "m1",
        "model_digest": record(model)["model_digest"],
        "recipe": "standard",
        "seed": "3",
        "dataset": "mnist-sample",
        "dataset_digest": "s",
        "validation_images": "400",
        "digit_threshold": "0.5",
        "digit_coverage": "0.99",
    }
    assert "digits like MNIST's" in exported[1].doc_string


def _accepted(above):
    return above.mean(), above.sum(), 0


def test_the_check_tells_the_difference_and_the_speed_of_both(model, exported):
    check, _ = exported
    assert 0 <= check["largest_difference"] < 1e-5
    expected = {
        "different_answers": 0,
        "test_images": 50,
        "onnxruntime_version": onnxruntime.__version__,
        "dataset": "mnist",
        "trained_on": "mnist-sample",
        "model_version": "m1",
        "model_digest": record(model)["model_digest"],
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


def test_the_run_prints_what_came_of_it(model, exported, capsys):
    check_export(model, exported[1], IMAGES)
    assert "ONNX: probabilities within" in capsys.readouterr().out


def shifted(model_onnx, by):
    """The model, its probabilities moved on by so many digits."""
    other = onnx.ModelProto.FromString(model_onnx.SerializeToString())
    last = next(node for node in other.graph.node if node.op_type == "Softmax")
    kernel = np.roll(np.eye(10, dtype=np.float32), by, axis=1)
    other.graph.initializer.append(onnx.numpy_helper.from_array(kernel, "moved"))
    last.output[0] = "before"
    other.graph.node.append(
        onnx.helper.make_node("MatMul", ["before", "moved"], ["probabilities"])
    )
    return other


def test_an_onnx_model_that_answers_otherwise_is_refused(model, exported):
    check_export(model, shifted(exported[1], 0), IMAGES)
    with pytest.raises(ProjectError, match="50 different answers on 50 test images"):
        check_export(model, shifted(exported[1], 1), IMAGES)


def test_probabilities_that_are_too_far_apart_are_refused(exported, model):
    near = build_cnn(filters=[[2]], dense_units=4)
    near.set_weights([weight * 1.001 for weight in model.get_weights()])
    with pytest.raises(ProjectError, match="apart and 0 different answers"):
        check_export(near, exported[1], IMAGES)


def test_probabilities_that_are_no_numbers_are_refused(model, detector):
    broken = build_cnn(filters=[[2]], dense_units=4)
    broken.set_weights([weight * np.nan for weight in model.get_weights()])
    model_onnx = to_onnx(answers(broken, detector.network), OUTPUTS)
    with pytest.raises(ProjectError, match="up to nan apart"):
        check_export(broken, model_onnx, IMAGES)


def test_what_the_detector_stops_counts_as_not_accepted(model, detector, validation):
    stopped = detector._replace(passed=np.arange(400) >= 40)
    _, model_onnx = export_model(
        model, stopped, record(model), validation, IMAGES, TEST_DATA, LINEAGE
    )
    metadata = session_of(model_onnx).get_modelmeta().custom_metadata_map
    least_strict = load_thresholds(metadata["thresholds"])[0]
    assert (least_strict.accepted, least_strict.errors) == (360, 0)


def test_the_record_of_another_model_is_refused(model, detector, validation):
    training = record(model) | {"model_digest": "0123456789abcdef"}
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        export_model(model, detector, training, validation, IMAGES, TEST_DATA, LINEAGE)


def test_validation_predictions_of_another_version_are_refused(
    model, detector, validation
):
    versions = LINEAGE["versions"] | {"validation_predictions": "m0"}
    lineage = LINEAGE | {"versions": versions}
    with pytest.raises(ProjectError, match="the model's version m1, received m0"):
        export_model(
            model, detector, record(model), validation, IMAGES, TEST_DATA, lineage
        )


QUICK = ExportParameters(detector=DetectorParameters(pictures=1000, epochs=1, keep=0.9))


@pytest.fixture(scope="module")
def training_data(model, digits):
    x_train = (digits["x_train"][..., None] / 255).astype(np.float32)
    training = record(model) | {"digests": {"x_train": array_digest(x_train)}}
    validation = pd.DataFrame({"index": range(0, 400, 10)})
    return (
        model,
        x_train,
        np.eye(10, dtype=np.float32)[digits["y_train"]],
        training,
        validation,
    )


def test_the_detector_learns_from_the_model_s_training_part_and_seed(training_data):
    model, x_train, y_train, _, _ = training_data
    validation = np.arange(0, 400, 10)
    train = [row for row in range(400) if row % 10]
    make_deterministic()
    expected = train_detector(
        model, x_train, y_train, train, validation, 3, QUICK.detector
    )
    found = fit_detector(*training_data, QUICK)
    assert (found.threshold, found.kept) == (expected.threshold, expected.kept)
    for one, other in zip(
        found.network.get_weights(), expected.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_training_images_that_are_not_the_model_s_are_refused(training_data):
    model, x_train, *others = training_data
    with pytest.raises(ProjectError, match="received another"):
        fit_detector(model, x_train[::-1], *others, QUICK)


def test_a_detector_behind_another_model_is_refused(training_data):
    _, *others = training_data
    another = different(build_cnn(filters=[[2]], dense_units=5))
    with pytest.raises(ProjectError, match="expected the record of the model"):
        fit_detector(another, *others, QUICK)
