import numpy as np
import pytest

from digit_recognition.recognition.calibration import (
    coverage_at,
    expected_calibration_error,
    reliability,
    risk_coverage,
)


def test_the_calibration_error_is_the_mean_gap_of_confidence_and_accuracy():
    sure_and_right = expected_calibration_error(np.ones(5), np.ones(5, bool))
    assert sure_and_right == 0
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.55, 0.55])
    correct = np.array([True, True, False, False, True, True])
    by_hand = (4 * (0.9 - 0.5) + 2 * (1 - 0.55)) / 6
    found = expected_calibration_error(confidence, correct)
    assert found == pytest.approx(by_hand)


def test_gaps_of_one_bin_balance_and_those_of_two_do_not():
    correct = np.array([True, False])
    assert expected_calibration_error(np.array([0.5, 0.5]), correct) == 0
    apart = expected_calibration_error(np.array([0.45, 0.55]), correct)
    assert apart == pytest.approx(0.55)


def test_bins_tell_confidence_accuracy_and_its_interval():
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
def test_any_confidence_is_in_the_bin_where_scikit_learn_has_it(kind):
    confidence = np.linspace(0, 1, 1001).astype(kind)
    bins = reliability(confidence, np.arange(1001) % 2 == 0)
    assert bins["images"].sum() == 1001


def test_the_most_confident_images_are_accepted_first():
    confidence = np.array([0.6, 0.9, 0.7, 0.8])
    correct = np.array([True, True, False, True])
    coverage, risk, least = risk_coverage(confidence, correct)
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(risk, [0, 0, 1 / 3, 1 / 4])
    np.testing.assert_allclose(least, [0.9, 0.8, 0.7, 0.6])


def test_equally_confident_images_are_accepted_together():
    confidence = np.array([1.0, 1.0, 0.5, 1.0])
    correct = np.array([True, False, True, True])
    coverage, risk, _ = risk_coverage(confidence, correct)
    np.testing.assert_allclose(coverage, [0.75, 1.0])
    np.testing.assert_allclose(risk, [1 / 3, 1 / 4])


def test_the_coverage_is_the_largest_where_the_error_is_small_enough():
    coverage, risk = np.array([0.2, 0.4, 0.6, 0.8]), np.array([0, 0.02, 0.01, 0.03])
    assert coverage_at(coverage, risk, 0.01) == 0.6
    assert coverage_at(coverage, risk, 0.005) == 0.2


def test_without_an_error_all_is_covered_and_with_errors_alone_nothing():
    confidence = np.array([0.5, 0.9])
    for correct, expected in ((True, 1.0), (False, 0.0)):
        coverage, risk, _ = risk_coverage(confidence, np.full(2, correct))
        assert coverage_at(coverage, risk, 1e-4) == expected
