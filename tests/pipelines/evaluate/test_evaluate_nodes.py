import keras
import numpy as np
import pandas as pd
import pytest

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.networks import build_cnn
from digit_recognition.pipelines.evaluate.nodes import (
    EvaluateParameters,
    predict_digits,
    score_predictions,
    verify_test_arrays,
)

X_TEST = np.random.default_rng(0).random((30, 28, 28, 1), np.float32)
Y_TEST = np.eye(10, dtype=np.float32)[np.arange(30) % 10]
STRICT = EvaluateParameters(allow_other_data=False)
LENIENT = EvaluateParameters(allow_other_data=True)
TEST_DATA = {"dataset": "mnist", "dataset_digest": "d"}
SCORES = {"test_loss": 0.5, "model_digest": "w"}
LINEAGE = {
    "versions": {"model": "m1", "x_test": "a1"},
    "code_revision": "abc",
    "processor": "cpu",
}


def record(dataset="mnist", x_test=X_TEST, y_test=Y_TEST):
    return {
        "dataset": dataset,
        "dataset_digest": f"digest of {dataset}",
        "digests": {
            "x_train": "x",
            "y_train": "y",
            "x_test": array_digest(x_test),
            "y_test": array_digest(y_test),
        },
        "train_images": 54000,
        "validation_images": 6000,
        "recipe": "standard",
        "seed": 3,
        "epochs": 6,
        "fit_seconds": 1.5,
        "precision": "float32",
        "deterministic": True,
    }


def test_the_arrays_that_the_model_was_trained_beside_pass_unchanged():
    info = record("another")
    x_test, y_test, found = verify_test_arrays(X_TEST, Y_TEST, info, record(), STRICT)
    assert x_test is X_TEST
    assert y_test is Y_TEST
    assert found == {"dataset": "mnist", "dataset_digest": "digest of mnist"}


@pytest.mark.parametrize(
    ("x_test", "y_test"), [(X_TEST[::-1], Y_TEST), (X_TEST, Y_TEST[::-1])]
)
def test_other_arrays_stop_the_evaluation(x_test, y_test):
    with pytest.raises(ProjectError, match=r"trained beside \(mnist.*received others"):
        verify_test_arrays(x_test, y_test, record(), record(), STRICT)


def test_other_arrays_are_judged_under_their_own_name_where_that_is_allowed():
    info = record("mnist-sample", x_test=X_TEST[::-1])
    _, _, found = verify_test_arrays(X_TEST[::-1], Y_TEST, info, record(), LENIENT)
    assert found["dataset"] == "mnist-sample"
    _, _, found = verify_test_arrays(X_TEST[:5], Y_TEST[:5], info, record(), LENIENT)
    assert found["dataset"] == "custom"


def test_images_without_labels_stop_even_where_other_data_are_allowed():
    with pytest.raises(ProjectError, match="30 images in x_test and 29 labels"):
        verify_test_arrays(X_TEST, Y_TEST[1:], record(), record(), LENIENT)


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
