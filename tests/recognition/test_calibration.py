import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    coverage_at,
    expected_calibration_error,
    fit_temperature,
    reliability,
    risk_coverage,
)


def drawn(count, scale, rng, spread=3):
    """Logits of a calibrated network, multiplied by ``scale``, and their labels."""
    logits = rng.normal(0, spread, (count, 10))
    chances = softmax(logits, axis=1).cumsum(axis=1)
    labels = (rng.random((count, 1)) > chances).sum(axis=1).clip(max=9)
    return logits * scale, labels


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_the_scale_of_logits(scale):
    logits, labels = drawn(20_000, scale, np.random.default_rng(0))
    assert fit_temperature(logits, labels) == pytest.approx(scale, rel=0.05)


def test_no_neighbouring_temperature_has_a_lower_loss():
    logits, labels = drawn(500, 2.0, np.random.default_rng(1))
    fitted = fit_temperature(logits, labels)

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[range(500), labels].mean()

    assert loss(fitted) <= min(loss(fitted * 0.99), loss(fitted * 1.01), loss(1.0))


def test_a_network_without_errors_gets_the_lowest_temperature():
    logits = np.eye(10)
    assert fit_temperature(logits, np.arange(10)) == pytest.approx(0.1, rel=1e-4)


def test_the_confidence_is_the_highest_probability_at_the_temperature():
    logits = np.log([[0.25, 0.75]]).astype(np.float32)
    assert calibrated_confidence(logits, 1.0) == pytest.approx(0.75)
    assert calibrated_confidence(logits, 0.5) == pytest.approx(0.9)  # 9 to 1
    assert calibrated_confidence(logits, 0.5).dtype == np.float64


def test_the_calibration_error_is_the_mean_gap_of_confidence_and_accuracy():
    perfect = expected_calibration_error(np.ones(5), np.ones(5, bool))
    assert perfect == 0
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    correct = np.array([True, True, False, False, True, True])
    by_hand = (4 * (0.9 - 0.5) + 2 * (1 - 0.55)) / 6
    found = expected_calibration_error(confidence, correct)
    assert found == pytest.approx(by_hand)


def test_gaps_within_a_bin_cancel_and_those_of_two_bins_do_not():
    correct = np.array([True, False])
    assert expected_calibration_error(np.array([0.5, 0.5]), correct) == 0
    apart = expected_calibration_error(np.array([0.45, 0.55]), correct)
    assert apart == pytest.approx(0.55)


def test_bins_hold_confidence_accuracy_and_its_interval():
    confidence = np.array([0.72, 0.73, 0.95, 1.0, 1.0, 1.0])
    correct = np.array([True, False, True, True, True, False])
    bins = reliability(confidence, correct)
    assert bins["images"].tolist() == [2, 4]
    np.testing.assert_allclose(bins["accuracy"], [0.5, 0.75])
    np.testing.assert_allclose(bins["confidence"], [0.725, 0.9875])
    # Wilson's formula by hand, 1 of 2 and 3 of 4
    np.testing.assert_allclose(bins["accuracy_low"], [0.094531, 0.300642], atol=1e-5)
    np.testing.assert_allclose(bins["accuracy_high"], [0.905469, 0.954413], atol=1e-5)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_bins_are_those_of_scikit_learn(kind):
    confidence = np.linspace(0, 1, 1001).astype(kind)
    bins = reliability(confidence, np.arange(1001) % 2 == 0)
    assert bins["images"].sum() == 1001


def test_the_most_confident_images_are_accepted_first():
    confidence = np.array([0.6, 0.9, 0.7, 0.8])
    correct = np.array([True, True, False, True])
    coverage, risk, thresholds = risk_coverage(confidence, correct)
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(risk, [0, 0, 1 / 3, 1 / 4])
    np.testing.assert_allclose(thresholds, [0.9, 0.8, 0.7, 0.6])


def test_equally_confident_images_are_accepted_together():
    confidence = np.array([1.0, 1.0, 0.5, 1.0])
    correct = np.array([True, False, True, True])
    coverage, risk, _ = risk_coverage(confidence, correct)
    np.testing.assert_allclose(coverage, [0.75, 1.0])
    np.testing.assert_allclose(risk, [1 / 3, 1 / 4])


def test_the_coverage_is_the_largest_with_a_small_enough_error():
    coverage, risk = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 0.02, 0.01, 0.03])
    assert coverage_at(coverage, risk, 0.01) == 0.6
    assert coverage_at(coverage, risk, 0.005) == 0.2


def test_coverage_is_1_without_errors_and_0_with_errors_alone():
    confidence = np.array([0.5, 0.9])
    for correct, expected in ((True, 1.0), (False, 0.0)):
        coverage, risk, _ = risk_coverage(confidence, np.full(2, correct))
        assert coverage_at(coverage, risk, 1e-4) == expected
