import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import (
    EvaluateParameters,
    LogProbabilities,
    mean_loss,
    verify_record,
    verify_test_arrays,
)
from digit_recognition.models.cnn import build_cnn

X_TEST = np.random.default_rng(0).random((30, 28, 28, 1), np.float32)
Y_TEST = np.eye(10, dtype=np.float32)[np.arange(30) % 10]
STRICT = EvaluateParameters(allow_other_data=False)
LENIENT = EvaluateParameters(allow_other_data=True)


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
    return build_cnn(filters=[[2]], dense_units=4)


def test_a_model_is_known_by_its_record_and_another_record_is_refused(model):
    digest = weights_digest(model.get_weights())
    assert verify_record(model, {"model_digest": digest}) == digest
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        verify_record(model, {"model_digest": "0123456789abcdef"})


def test_log_probabilities_are_those_of_the_model(model):
    expected = np.log(model.predict(X_TEST, verbose=0))
    np.testing.assert_allclose(LogProbabilities(model)(X_TEST), expected, atol=1e-5)


def test_log_probabilities_of_a_sure_model_are_not_cut_off(model):
    sure = build_cnn(filters=[[2]], dense_units=4)
    sure.set_weights([weight * 100 for weight in model.get_weights()])
    found = LogProbabilities(sure)(X_TEST)
    assert np.isfinite(found).all()
    assert found.min() < -110  # where float32 has no probability left
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-5)


def test_the_loss_is_the_mean_cross_entropy():
    logs = log_softmax([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0]], axis=1)
    one_hot = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    by_hand = (np.log(1 + 2 * np.exp(-2)) + np.log(2 + np.exp(-1))) / 2
    assert mean_loss(logs, one_hot) == pytest.approx(by_hand)
