import keras
import numpy as np
import pytest

from digit_recognition.datasets.mnist_dataset import load_sample
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import build_cnn, convolutions
from digit_recognition.models.detector import (
    DetectorParameters,
    build_head,
    build_network,
    digit_logit,
    train_detector,
    training_pictures,
)
from digit_recognition.nondigits import make_non_digits
from digit_recognition.runtime import make_deterministic

QUICK = DetectorParameters(pictures=1000, epochs=1, keep=0.95)


@pytest.fixture(scope="module")
def model(sample):
    """Trained a little, so that its convolutions see something."""
    x_train, y_train, train, _ = sample
    keras.utils.set_random_seed(0)
    network = build_cnn(filters=((16,), (32,)), dense_units=32)
    network.compile("adam", "categorical_crossentropy")
    network.fit(x_train[train], y_train[train], epochs=2, verbose=0)
    return network


@pytest.fixture(scope="module")
def sample():
    arrays = load_sample()
    x_train = (arrays["x_train"][..., None] / 255).astype(np.float32)
    rows = np.random.default_rng(0).permutation(len(x_train))
    return (
        x_train,
        np.eye(10, dtype=np.float32)[arrays["y_train"]],
        rows[:-400],
        rows[-400:],
    )


@pytest.fixture(scope="module")
def detector(model, sample):
    parameters = DetectorParameters(pictures=8000, epochs=3, keep=0.95)
    return train_detector(model, *sample, 0, parameters)


def test_the_network_gives_one_logit_for_each_image(detector, sample):
    assert detector.network.output_shape == (None, 1)
    one, many = (
        detector.network.predict(sample[0][:count], verbose=0) for count in (1, 5)
    )
    np.testing.assert_allclose(many[:1], one, atol=1e-4)


def test_the_threshold_keeps_the_share_that_is_asked_for(detector, sample):
    x_train, _, _, validation = sample
    logits = detector.network.predict(x_train[validation], verbose=0)[:, 0]
    assert detector.kept == pytest.approx(0.95, abs=1.1 / len(validation))
    assert (logits >= detector.threshold).mean() == pytest.approx(
        detector.kept, abs=0.005
    )


def test_most_of_what_is_no_digit_is_told_from_unseen_digits(detector, sample):
    x_train, y_train, _, validation = sample
    labels = y_train[validation].argmax(axis=1)
    others, _ = make_non_digits(x_train[validation, ..., 0], labels, 400, 9)
    logits = detector.network.predict(others[..., None], verbose=0)[:, 0]
    assert (logits >= detector.threshold).mean() < 0.3


def test_the_model_is_left_as_it_was(model, sample):
    before = model.get_weights()
    detector = train_detector(model, *sample, 0, QUICK)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    inside = detector.network.get_layer("convolutions").get_weights()
    for one, other in zip(convolutions(model).get_weights(), inside, strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.get_layer("conv1").trainable


def test_the_same_seed_gives_the_same_detector(model, sample):
    make_deterministic()
    first, again, other = (
        train_detector(model, *sample, seed, QUICK) for seed in (3, 3, 4)
    )
    assert first.threshold == again.threshold
    for before, after in zip(
        first.network.get_weights(), again.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(before, after)
    assert first.threshold != other.threshold


def test_half_of_the_pictures_are_digits_and_all_are_fields(sample):
    x_train, y_train, train, _ = sample
    labels = y_train[train].argmax(axis=1)
    x, y = training_pictures(x_train[train, ..., 0], labels, 301, 0)
    assert x.shape == (301, 28, 28, 1)
    assert x.dtype == np.float32
    assert 0 <= x.min() < x.max() <= 1
    assert (y < 10).sum() == 150
    assert set(y) == set(range(11))


def test_the_logit_is_the_mean_log_odds_of_the_ten_digits_against_none(model, sample):
    from scipy.special import logit, softmax

    images = sample[0][:7]
    eyes, network = convolutions(model), build_network()
    head = build_head(eyes.output_shape[1])
    seen = eyes.predict(images, verbose=0)
    logits = head.predict(seen, verbose=0), network.predict(images, verbose=0)
    probabilities = softmax(np.array(logits, float), axis=2)
    found = digit_logit(eyes, head, network).predict(images, verbose=0)
    expected = logit(probabilities[..., :10].sum(axis=2)).mean(axis=0)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-4)


def test_the_scale_of_what_is_seen_does_not_matter():
    seen = np.random.default_rng(0).random((3, 50), np.float32)
    head = build_head(50)
    np.testing.assert_allclose(
        head.predict(9 * seen, verbose=0), head.predict(seen, verbose=0), atol=1e-4
    )


def test_black_has_a_logit_too(detector):
    black = np.zeros((1, 28, 28, 1), np.float32)
    assert np.isfinite(detector.network.predict(black, verbose=0)).all()


def test_a_digit_that_is_missing_is_named(model, sample):
    x_train, y_train, train, validation = sample
    without = train[y_train[train, 7] == 0]
    with pytest.raises(ProjectError, match=r"received none of \[7\]"):
        train_detector(model, x_train, y_train, without, validation, 0, QUICK)
