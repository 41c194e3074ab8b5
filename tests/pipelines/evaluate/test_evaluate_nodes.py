import keras
import numpy as np
import pandas as pd
import pytest

from digit_recognition.digests import weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.networks import build_cnn
from digit_recognition.pipelines.evaluate.nodes import (
    predict_digits,
    score_predictions,
)

X_TEST = np.random.default_rng(0).random((30, 28, 28, 1), np.float32)
Y_TEST = np.eye(10, dtype=np.float32)[np.arange(30) % 10]
TEST_DATA = {"dataset": "mnist", "dataset_digest": "d"}
SCORES = {"test_loss": 0.5, "model_digest": "w"}
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


def record_of(network):
    return {"model_digest": weights_digest(network.get_weights())}


def test_the_record_of_another_model_stops_the_evaluation(model):
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        predict_digits(model, {"model_digest": "0123456789abcdef"}, X_TEST, Y_TEST)


@pytest.fixture(scope="module")
def predicted(model):
    return predict_digits(model, record_of(model), X_TEST, Y_TEST)


def test_each_image_has_a_row_with_its_probabilities(model, predicted):
    predictions, scores = predicted
    assert list(predictions.columns) == [
        "index",
        "label",
        "predicted",
        "confidence",
        *[f"p{digit}" for digit in range(10)],
    ]
    probabilities = model.predict(X_TEST, verbose=0)
    np.testing.assert_allclose(predictions.filter(regex=r"^p\d$"), probabilities, 1e-6)
    np.testing.assert_array_equal(predictions["predicted"], probabilities.argmax(1))
    np.testing.assert_allclose(predictions["confidence"], probabilities.max(1), 1e-6)
    assert predictions["label"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3
    assert scores["model_digest"] == weights_digest(model.get_weights())


def test_loss_and_accuracy_equal_those_of_keras(model, predicted, capsys):
    predictions, scores = predicted
    metrics = score_predictions(predictions, TEST_DATA, record(), scores, LINEAGE)
    loss, accuracy = model.evaluate(X_TEST, Y_TEST, verbose=0)
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"Test Loss: {loss:.4f}", f"Test Accuracy: {accuracy:.4f}"]


def test_loss_and_accuracy_equal_those_of_keras_for_a_sure_model_that_errs():
    network = build_cnn(filters=[[2]], dense_units=4)
    network.set_weights([weight * 30 for weight in network.get_weights()])
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    predictions, scores = predict_digits(network, record_of(network), X_TEST, Y_TEST)
    metrics = score_predictions(predictions, TEST_DATA, record(), scores, LINEAGE)
    loss, accuracy = network.evaluate(X_TEST, Y_TEST, verbose=0)
    assert loss > 20
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-4)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)


def hundred_images(errors):
    predictions = pd.DataFrame(
        {"index": range(100), "label": [1] * 100, "predicted": [1] * 100}
    )
    predictions.loc[: errors - 1, "predicted"] = 2
    predictions[[f"p{digit}" for digit in range(10)]] = 0.1
    return predictions


def test_the_interval_is_wilsons():
    metrics = score_predictions(
        hundred_images(10), TEST_DATA, record(), SCORES, LINEAGE
    )
    assert metrics["test_errors"] == 10
    assert metrics["test_accuracy"] == 0.9
    # Wilson's formula by hand: (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    assert metrics["accuracy_low"] == pytest.approx(0.825634, abs=1e-6)
    assert metrics["accuracy_high"] == pytest.approx(0.944771, abs=1e-6)


def test_on_mnist_there_is_also_the_accuracy_without_contested_labels():
    predictions = hundred_images(2)
    predictions["index"] = [947, *range(99)]
    metrics = score_predictions(predictions, TEST_DATA, record(), SCORES, LINEAGE)
    assert metrics["test_accuracy"] == 0.98
    assert metrics["test_accuracy_uncontested"] == pytest.approx(98 / 99)


def test_images_of_another_dataset_have_no_contested_labels():
    metrics = score_predictions(
        hundred_images(2), {"dataset": "custom"}, record(), SCORES, LINEAGE
    )
    assert "test_accuracy_uncontested" not in metrics


def test_the_metrics_are_flat_and_say_where_all_of_it_came_from():
    metrics = score_predictions(hundred_images(1), TEST_DATA, record(), SCORES, LINEAGE)
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
