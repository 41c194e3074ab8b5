import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import EvaluateParameters
from digit_recognition.models.cnn import build_cnn, without_softmax
from digit_recognition.pipelines.evaluate.nodes import (
    calibrate,
    predict_digits,
    score_digits,
    score_predictions,
)

X_TEST = np.random.default_rng(0).random((30, 28, 28, 1), np.float32)
Y_TEST = np.eye(10, dtype=np.float32)[np.arange(30) % 10]
TEST_DATA = {"dataset": "mnist", "dataset_digest": "d"}
SCORES = {
    **TEST_DATA,
    **{"test_loss": 0.5, "nll_calibrated": 0.4},
    **{"temperature": 1.5, "model_digest": "w"},
}
LINEAGE = {
    "versions": {"model": "m1", "x_test": "a1"},
    "code_revision": "abc",
    "processor": "cpu",
}


def record():
    return {
        "dataset": "mnist",
        "train_images": 54000,
        "validation_images": 6000,
        "recipe": "standard",
        "seed": 3,
        "epochs": 6,
        "fit_seconds": 1.5,
        "precision": "float32",
        "deterministic": True,
    }


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    network = build_cnn(filters=[[2]], dense_units=4)
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return network


def predict(network, temperature=1.0, y_test=Y_TEST, **changes):
    """Run the node on the test arrays that the network's record describes."""
    digests = {"x_test": array_digest(X_TEST), "y_test": array_digest(Y_TEST)}
    dataset_info = TEST_DATA | {"digests": digests}
    model_digest = weights_digest(network.get_weights())
    training = dataset_info | {"model_digest": model_digest} | changes
    parameters = EvaluateParameters(allow_other_data=False)
    return predict_digits(
        network, training, X_TEST, y_test, dataset_info, temperature, parameters
    )


def test_the_record_of_another_model_is_refused(model):
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        predict(model, model_digest="0123456789abcdef")


def test_test_arrays_of_another_dataset_are_refused(model):
    with pytest.raises(ProjectError, match="received other arrays"):
        predict(model, y_test=Y_TEST[::-1])


@pytest.fixture(scope="module")
def predicted(model):
    return predict(model)


def test_each_image_has_a_row_with_its_probabilities(model, predicted):
    predictions, scores = predicted
    assert list(predictions.columns) == [
        "index",
        "label",
        "predicted",
        "confidence",
        "calibrated",
        *[f"p{digit}" for digit in range(10)],
    ]
    probabilities = model.predict(X_TEST, verbose=0)
    np.testing.assert_allclose(predictions.filter(regex=r"^p\d$"), probabilities, 1e-6)
    np.testing.assert_array_equal(predictions["predicted"], probabilities.argmax(1))
    np.testing.assert_allclose(predictions["confidence"], probabilities.max(1), 1e-6)
    assert predictions["label"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3
    assert scores["model_digest"] == weights_digest(model.get_weights())


def test_loss_and_accuracy_equal_those_of_keras(model, predicted):
    predictions, scores = predicted
    metrics = score_predictions(predictions, record(), scores, LINEAGE)
    loss, accuracy = model.evaluate(X_TEST, Y_TEST, verbose=0)
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)


def test_loss_and_accuracy_equal_those_of_keras_for_a_confident_wrong_model():
    network = build_cnn(filters=[[2]], dense_units=4)
    network.set_weights([weight * 30 for weight in network.get_weights()])
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    predictions, scores = predict(network)
    metrics = score_predictions(predictions, record(), scores, LINEAGE)
    loss, accuracy = network.evaluate(X_TEST, Y_TEST, verbose=0)
    assert loss > 20
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-4)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)


def test_a_temperature_of_one_changes_nothing(predicted):
    predictions, scores = predicted
    np.testing.assert_allclose(
        predictions["calibrated"], predictions["confidence"], rtol=1e-6
    )
    assert scores["nll_calibrated"] == pytest.approx(scores["test_loss"], rel=1e-6)
    assert scores["temperature"] == 1.0


@pytest.mark.parametrize("temperature", [0.25, 3.0])
def test_the_scaled_confidence_is_the_softmax_of_the_logits_over_the_temperature(
    model, predicted, temperature
):
    predictions, scores = predict(model, temperature)
    logits = without_softmax(model).predict(X_TEST, verbose=0).astype(np.float64)
    scaled = softmax(logits / temperature, axis=1)
    np.testing.assert_allclose(predictions["calibrated"], scaled.max(axis=1), 1e-5)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    expected = float(loss(Y_TEST, logits / temperature))
    assert scores["nll_calibrated"] == pytest.approx(expected, rel=1e-5)
    assert scores["temperature"] == temperature
    as_trained = predicted[0].drop(columns="calibrated")
    pd.testing.assert_frame_equal(predictions.drop(columns="calibrated"), as_trained)
    assert scores["test_loss"] == predicted[1]["test_loss"]


def test_the_temperature_minimizes_the_loss_on_the_validation_images():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 500)
    logits = 2 * np.eye(10)[labels] + rng.normal(size=(500, 10))
    table = pd.DataFrame(4 * logits, columns=[f"logit{digit}" for digit in range(10)])
    table.insert(0, "label", labels)
    temperature = calibrate(table)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = {
        factor: float(loss(labels, 4 * logits / (factor * temperature)))
        for factor in (0.95, 1, 1.05)
    }
    assert min(losses, key=losses.get) == 1
    shuffled = table[[*table.columns[:0:-1], "label"]]
    assert calibrate(shuffled) == temperature > 1


def hundred_images(errors):
    predictions = pd.DataFrame(
        {"index": range(100), "label": [1] * 100, "predicted": [1] * 100}
    ).assign(confidence=0.1, calibrated=0.1)
    predictions.loc[: errors - 1, "predicted"] = 2
    predictions[[f"p{digit}" for digit in range(10)]] = 0.1
    return predictions


def test_the_interval_is_wilsons():
    metrics = score_predictions(hundred_images(10), record(), SCORES, LINEAGE)
    assert metrics["test_errors"] == 10
    assert metrics["test_accuracy"] == 0.9
    # Wilson's formula by hand: (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    assert metrics["accuracy_low"] == pytest.approx(0.825634, abs=1e-6)
    assert metrics["accuracy_high"] == pytest.approx(0.944771, abs=1e-6)


def test_mnist_has_an_accuracy_without_contested_labels():
    predictions = hundred_images(2)
    predictions["index"] = [947, *range(99)]
    metrics = score_predictions(predictions, record(), SCORES, LINEAGE)
    assert metrics["test_accuracy"] == 0.98
    assert metrics["test_accuracy_uncontested"] == pytest.approx(98 / 99)


def test_images_of_another_dataset_have_no_contested_labels():
    metrics = score_predictions(
        hundred_images(2), record(), SCORES | {"dataset": "custom"}, LINEAGE
    )
    assert "test_accuracy_uncontested" not in metrics


def test_the_metrics_are_flat_and_name_their_origin():
    metrics = score_predictions(hundred_images(1), record(), SCORES, LINEAGE)
    expected = {
        "dataset": "mnist",
        "dataset_digest": "d",
        "trained_on": "mnist",
        "train_images": 54000,
        "validation_images": 6000,
        "recipe": "standard",
        "seed": 3,
        "epochs": 6,
        "fit_seconds": 1.5,
        "precision": "float32",
        "deterministic": True,
        "model_version": "m1",
        "data_version": "a1",
        "model_digest": "w",
        "code_revision": "abc",
        "processor": "cpu",
    }
    assert expected.items() <= metrics.items()
    assert all(isinstance(value, str | int | float) for value in metrics.values())


def metrics_of(confidence, calibrated, correct):
    predictions = pd.DataFrame(
        {
            "index": range(len(correct)),
            "label": 1,
            "predicted": np.where(correct, 1, 2),
            "confidence": confidence,
            "calibrated": calibrated,
        }
    )
    return score_predictions(
        predictions, record(), SCORES | {"dataset": "custom"}, LINEAGE
    )


def test_there_is_a_calibration_error_before_and_after_scaling():
    metrics = metrics_of(
        [0.9, 0.9, 0.9, 0.9], [0.7, 0.7, 0.9, 0.9], [False, True, True, True]
    )
    assert metrics["ece"] == pytest.approx(0.9 - 3 / 4)
    assert metrics["ece_calibrated"] == pytest.approx((2 * 0.2 + 2 * 0.1) / 4)
    assert (metrics["nll"], metrics["test_loss"]) == (0.5, 0.5)
    assert (metrics["nll_calibrated"], metrics["temperature"]) == (0.4, 1.5)


def test_the_coverage_is_of_the_most_confident_images_after_scaling():
    confidence = np.linspace(1, 0.2, 20_000)
    correct = np.full(20_000, True)
    correct[[12_000, 15_000]] = False
    metrics = metrics_of(confidence[::-1], confidence, correct)
    # Two errors in 20,000 images are exactly 1 in 10,000.
    assert metrics["coverage_at_1e-3_error"] == 1
    assert metrics["coverage_at_1e-4_error"] == 1
    correct[4_000] = False
    metrics = metrics_of(confidence[::-1], confidence, correct)
    # Errors are the 4,001st and the 12,001st image: among 12,000 there is only one.
    assert metrics["coverage_at_1e-3_error"] == 1
    assert metrics["coverage_at_1e-4_error"] == 12_000 / 20_000


def test_a_model_that_is_always_wrong_covers_nothing():
    metrics = metrics_of([0.9, 0.8], [0.9, 0.8], [False, False])
    assert metrics["coverage_at_1e-3_error"] == 0
    assert metrics["coverage_at_1e-4_error"] == 0


def test_each_digit_has_its_precision_recall_and_f1():
    scores = score_digits(
        pd.DataFrame(
            {"label": [0, 0, 0, 1, 1, 7, 8], "predicted": [0, 0, 1, 1, 0, 0, 9]}
        )
    )
    assert list(scores.columns) == ["digit", "images", "precision", "recall", "f1"]
    assert scores["digit"].tolist() == list(range(10))
    assert scores["images"].tolist() == [3, 2, 0, 0, 0, 0, 0, 1, 1, 0]
    # By hand: 2 of the 4 images predicted as 0 are 0s; 2 of the 3 0s are found.
    assert scores["precision"].tolist() == [2 / 4, 1 / 2, 0, 0, 0, 0, 0, 0, 0, 0]
    assert scores["recall"].tolist() == [2 / 3, 1 / 2, 0, 0, 0, 0, 0, 0, 0, 0]
    f1 = pytest.approx([4 / 7, 1 / 2, 0, 0, 0, 0, 0, 0, 0, 0])
    assert scores["f1"].tolist() == f1
