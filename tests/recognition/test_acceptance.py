import numpy as np
import pytest

from digit_recognition.recognition.acceptance import (
    AcceptanceRule,
    ValidationResults,
    find_acceptance_rule,
)
from digit_recognition.recognition.thresholds import Threshold, find_thresholds

RNG = np.random.default_rng(0)
CONFIDENCE = RNG.beta(5, 0.5, 3000)
RESULTS = ValidationResults(
    CONFIDENCE, RNG.random(3000) > CONFIDENCE**0.3, RNG.normal(5, 2, 3000)
)


def test_results_survive_json_bit_for_bit():
    results = RESULTS._replace(digit_logit=RESULTS.digit_logit.astype(np.float32))
    for array, restored in zip(
        results, ValidationResults.from_json(results.to_json()), strict=True
    ):
        assert restored.dtype == array.dtype
        np.testing.assert_array_equal(restored, array)


@pytest.mark.parametrize("keep_digits", [0.9, 0.97, 1.0])
def test_the_digit_threshold_keeps_the_given_fraction_of_digits(keep_digits):
    rule = find_acceptance_rule(RESULTS, 0.05, keep_digits=keep_digits)
    kept = (RESULTS.digit_logit >= rule.digit_threshold).mean()
    assert keep_digits <= kept < keep_digits + 0.001


def test_digits_that_the_detector_stops_count_as_not_accepted():
    confidence = np.linspace(1, 0.5, 400)
    digit_logit = np.where(np.arange(400) < 40, -5.0, 5.0)
    results = ValidationResults(confidence, np.arange(400) < 3, digit_logit)
    rule = find_acceptance_rule(results, 0.1, keep_digits=0.89)
    assert rule == AcceptanceRule(Threshold(0.1, 0.0, 0.9, 360, 0), 5.0, 0.95, -5.0)


def test_the_threshold_is_that_of_the_error_and_the_certainty():
    for max_error, certainty in ((0.05, 0.95), (0.05, 0.5), (0.2, 0.95)):
        rule = find_acceptance_rule(RESULTS, max_error, certainty, keep_digits=1)
        level = min(max_error, 0.1)  # the loosest level that is looked for
        (expected, _) = find_thresholds(
            RESULTS.confidence, RESULTS.wrong, [level], certainty
        )
        assert rule.threshold == expected
        assert rule.certainty == certainty
