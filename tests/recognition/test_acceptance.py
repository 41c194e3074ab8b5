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
    CONFIDENCE,
    RNG.random(3000) > CONFIDENCE**0.3,
    RNG.normal(5, 2, 3000),
    np.arange(3000) // 5,
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
    results = ValidationResults(
        confidence, np.arange(400) < 3, digit_logit, np.arange(400)
    )
    rule = find_acceptance_rule(results, 0.1, keep_digits=0.89, max_number_error=0.1)
    accepted = Threshold(0.1, 0.0, 0.9, 360, 0)
    assert rule == AcceptanceRule(accepted, 5.0, 0.95, -5.0, accepted, 5.0, -5.0, -5.0)


def test_the_threshold_is_that_of_the_error_and_the_certainty():
    for max_error, certainty in ((0.05, 0.95), (0.05, 0.5), (0.03, 0.95), (0.2, 0.95)):
        rule = find_acceptance_rule(RESULTS, max_error, certainty, keep_digits=1)
        (expected, _) = find_thresholds(
            RESULTS.confidence, RESULTS.wrong, [max_error], certainty
        )
        assert rule.threshold == expected
        assert rule.certainty == certainty


def test_the_error_of_numbers_is_that_of_digits_times_the_mean_length():
    """400 numbers of 5 digits; one digit of every tenth number is unsure and wrong.

    Of the accepted digits, none of 1,960 is wrong, so the error of digits is at most
    0.15 % with a certainty of 95 %: 1 - 0.05 ** (1 / 1960).
    """
    confidence = np.full(2000, 0.99)
    wrong = np.arange(2000) % 50 == 3
    confidence[wrong] = 0.6
    order = np.random.default_rng(1).permutation(2000)
    results = ValidationResults(
        confidence[order],
        wrong[order],
        np.full(2000, 5.0),
        (np.arange(2000) // 5)[order],
    )
    rule = find_acceptance_rule(results, 0.1, max_number_error=0.008)
    assert rule.threshold == Threshold(0.1, 0.0, 1.0, 2000, 40)
    assert rule.number_threshold == Threshold(0.008, 0.6, 0.9, 360, 0)
    assert rule.min_confidence == rule.min_confidence_alone == 0.6
    assert rule.guarantees_numbers(0.008)
    rule = find_acceptance_rule(results, 0.1, max_number_error=0.007)
    assert not rule.guarantees_numbers(0.007)


RULE = AcceptanceRule(
    Threshold(0.01, 0.9, 0.9, 9000, 45),
    digit_threshold=1.0,
    non_digit_threshold=-2.0,
    typical_logit=6.0,
)


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([0.9], [False]),  # alone
        ([6.0, 0.9], [True, True]),
        ([6.0, 6.0, 6.0, -2.0], [True, True, True, True]),
        ([6.0, 6.0, 6.0, -2.1], [True, True, True, False]),  # clearly no digit
        ([1.5, 0.0], [True, False]),  # the mean must be at least 6 - 5 / sqrt(2)
        ([9.0, 0.0, 0.0], [True, False, False]),  # most marks are doubtful
    ],
)
def test_a_doubtful_mark_passes_among_digits(logits, expected):
    assert RULE.are_digits(np.array(logits)).tolist() == expected
