import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import (
    RANDOM_CHANGES,
    EvaluateParameters,
    LogProbabilities,
    mean_loss,
    random_changes,
    verify_record,
    verify_test_arrays,
)
from digit_recognition.models.cnn import build_cnn
from digit_recognition.pipelines.train.augmentation import Augmentation, augment
from digit_recognition.pipelines.train.paper import Paper
from digit_recognition.pipelines.train.written_digits import Handwriting

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


def test_arrays_prepared_with_the_training_arrays_have_their_dataset_name():
    info = record("another")
    found = verify_test_arrays(X_TEST, Y_TEST, info, record(), STRICT)
    assert found == {"dataset": "mnist", "dataset_digest": "digest of mnist"}


@pytest.mark.parametrize(
    ("x_test", "y_test"), [(X_TEST[::-1], Y_TEST), (X_TEST, Y_TEST[::-1])]
)
def test_other_arrays_are_refused(x_test, y_test):
    with pytest.raises(
        ProjectError, match=r"prepared with .* \(mnist.*received other arrays"
    ):
        verify_test_arrays(x_test, y_test, record(), record(), STRICT)


def test_other_arrays_keep_their_own_dataset_name_if_they_are_allowed():
    info = record("mnist-sample", x_test=X_TEST[::-1])
    found = verify_test_arrays(X_TEST[::-1], Y_TEST, info, record(), LENIENT)
    assert found["dataset"] == "mnist-sample"
    found = verify_test_arrays(X_TEST[:5], Y_TEST[:5], info, record(), LENIENT)
    assert found["dataset"] == "custom"


def test_a_missing_label_is_refused_even_if_other_data_are_allowed():
    with pytest.raises(ProjectError, match="30 images in x_test and 29 labels"):
        verify_test_arrays(X_TEST, Y_TEST[1:], record(), record(), LENIENT)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return build_cnn(filters=[[2]], dense_units=4)


def test_the_record_of_another_model_is_refused(model):
    digest = weights_digest(model.get_weights())
    assert verify_record(model, {"model_digest": digest}) == digest
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        verify_record(model, {"model_digest": "0123456789abcdef"})


def test_log_probabilities_are_those_of_the_model(model):
    expected = np.log(model.predict(X_TEST, verbose=0))
    np.testing.assert_allclose(LogProbabilities(model)(X_TEST), expected, atol=1e-5)


def test_log_probabilities_of_a_confident_model_are_finite(model):
    confident = build_cnn(filters=[[2]], dense_units=4)
    confident.set_weights([weight * 100 for weight in model.get_weights()])
    found = LogProbabilities(confident)(X_TEST)
    assert np.isfinite(found).all()
    assert found.min() < -110  # the probability itself would be 0 in float32
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-5)


def test_the_loss_is_the_mean_cross_entropy():
    logs = log_softmax([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0]], axis=1)
    one_hot = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    by_hand = (np.log(1 + 2 * np.exp(-2)) + np.log(2 + np.exp(-1))) / 2
    assert mean_loss(logs, one_hot) == pytest.approx(by_hand)


PAPER = {
    **dict.fromkeys(("lines", "holes", "blurred", "sharpened", "inverted"), 0.0),
    **dict.fromkeys(("slope", "bars", "noisy"), 0.0),
    **{"share": 1.0, "contrast": 1.0},
    **{"blur": 1.5, "sharpening": 8.0, "noise": 0.3},
}
"""Values with which no image changes."""


def augmentation(**changes):
    values = dict.fromkeys(("rotation", "shift", "zoom", "shear"), 0.0)
    paper = PAPER | {key: changes.pop(key) for key in PAPER if key in changes}
    return values | {"paper": paper} | changes


def changes_pixels(values):
    """Tell whether training with these values changes a pixel by a grey level."""
    changed = augment(X_TEST, (1, 2), Augmentation.model_validate(values)).numpy()
    return np.abs(changed - X_TEST).max() > 0.5 / 255


@pytest.mark.parametrize(
    ("change", "value"),
    [
        *(("rotation", 12.0), ("shift", 2.5), ("zoom", 0.12), ("shear", 0.15)),
        *((share, 1.0) for share in ("lines", "holes", "blurred", "sharpened")),
        *(("inverted", 1.0), ("contrast", 0.3), ("slope", 0.4)),
        *(("bars", 1.0), ("noisy", 1.0)),
    ],
)
def test_each_random_change_that_changes_pixels_is_named(change, value):
    values = augmentation(**{change: value})
    assert changes_pixels(values)
    assert random_changes({"augmentation": values}) == {change}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"noisy": 1.0, "noise": 0.0},
        {"blurred": 1.0, "blur": 0.2},
        {"sharpened": 1.0, "blur": 0.2},
        {"sharpened": 1.0, "sharpening": 0.0},
        {"share": 0.0, "inverted": 1.0, "contrast": 0.3},
        {"paper": None},
    ],
    ids=str,
)
def test_a_random_change_that_changes_no_pixel_is_not_named(values):
    values = augmentation(**values)
    assert not changes_pixels(values)
    assert random_changes({"augmentation": values}) == set()


def test_training_without_augmentation_has_no_random_change():
    assert random_changes({"augmentation": None}) == set()
    assert random_changes({"recipe": "an older record"}) == set()


def test_every_random_change_of_training_has_a_name():
    amounts = {"paper", "share", "blur", "sharpening", "noise"}
    fields = {*Augmentation.model_fields, *Paper.model_fields}
    fields |= {*Handwriting.model_fields} - {"strokes"}  # no family resembles them
    assert set(RANDOM_CHANGES) == fields - amounts


def test_written_digits_are_a_random_change():
    handwriting = {"copied": 0.1, "strokes": 0.1, "allographs": 0.0}
    record = {"augmentation": None, "handwriting": handwriting}
    assert random_changes(record) == {"copied"}
