import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import beta, binom

from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    fit_temperature,
)
from digit_recognition.recognition.thresholds import (
    MAX_ERRORS,
    Threshold,
    choose_threshold,
    find_thresholds,
)


def falling(count):
    """The given number of different confidences, the highest first."""
    return np.linspace(1, 0, count, endpoint=False)


def wrong_at(count, *ranks):
    wrong = np.zeros(count, bool)
    wrong[list(ranks)] = True
    return wrong


def levels(table):
    return {row.max_error: row for row in table}


def upper_bound(errors, accepted):
    """Clopper and Pearson's one-sided 95 % bound, from the beta distribution."""
    return beta.ppf(0.95, errors + 1, accepted - errors)


def drawn(count, scale, rng, spread=3):
    """Logits of a calibrated network, multiplied by ``scale``, and their labels."""
    logits = rng.normal(0, spread, (count, 10))
    chances = softmax(logits, axis=1).cumsum(axis=1)
    labels = (rng.random((count, 1)) > chances).sum(axis=1).clip(max=9)
    return logits * scale, labels


@pytest.mark.parametrize(("count", "certain"), [(2995, True), (2994, False)])
def test_without_an_error_a_thousandth_needs_2995_images(count, certain):
    """0.999 ** 2994 is 0.05002, just not 5 %."""
    table = find_thresholds(falling(count), np.zeros(count, bool))
    assert (0.001 in levels(table)) == certain
    if certain:
        assert levels(table)[0.001] == Threshold(0.001, 0.0, 1.0, count, 0)


def test_one_early_error_in_6000_leaves_a_thousandth_certain():
    table = find_thresholds(falling(6000), wrong_at(6000, 3500, 5000, 5001))
    row = levels(table)[0.001]
    assert (row.accepted, row.errors) == (5000, 1)
    assert row.threshold == falling(6000)[5000]


def test_the_400_images_of_the_sample_allow_one_in_a_hundred_at_best():
    table = find_thresholds(falling(400), wrong_at(400, 350, 380, 390))
    assert [row.max_error for row in table] == [0.1, 0.05, 0.02, 0.01, None]
    assert levels(table)[0.01] == Threshold(0.01, falling(400)[350], 0.875, 350, 0)


def test_a_model_that_is_right_on_few_images_is_certain_of_these():
    wrong = np.arange(6000) % 3 == 0
    wrong[:1200] = False
    row = levels(find_thresholds(falling(6000), wrong))[0.01]
    assert 1200 <= row.accepted < 1220


def test_a_confident_error_does_no_harm_if_many_images_support_the_level():
    wrong = wrong_at(6000, 0, *range(5900, 6000))
    assert levels(find_thresholds(falling(6000), wrong))[0.005].accepted > 5900


@pytest.mark.parametrize("seed", range(20))
def test_each_row_counts_what_its_threshold_accepts_and_keeps_the_exact_bound(
    seed,
):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(30, 3000))
    decimals = int(rng.integers(1, 5))  # few of them make many ties
    confidence = rng.beta(5, 0.5, count).round(decimals)
    wrong = rng.random(count) > confidence**0.3
    table = find_thresholds(confidence, wrong)
    for row in table:
        above = confidence > row.threshold
        assert row.accepted == above.sum()
        assert row.errors == wrong[above].sum()
        assert row.coverage == above.mean()
        if row.max_error is not None:
            assert upper_bound(row.errors, row.accepted) <= row.max_error + 1e-12
    found = [row.max_error for row in table]
    assert found[-1] is None
    assert found[:-1] == [level for level in MAX_ERRORS if level in found]


@st.composite
def validation_results(draw):
    """Confidences above 0, with many ties, and which of them are wrong."""
    count = draw(st.integers(1, 300))
    grid = draw(st.integers(1, 50))
    ranks = draw(st.lists(st.integers(1, grid), min_size=count, max_size=count))
    wrong = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(ranks) / grid, np.array(wrong)


@given(validation_results(), st.floats(0.5, 0.999))
def test_every_certified_row_keeps_its_exact_bound(results, certainty):
    confidence, wrong = results
    *certified, last = find_thresholds(confidence, wrong, certainty=certainty)
    assert last.max_error is None
    assert last.errors == 0
    for row in certified:
        above = confidence > row.threshold
        assert (row.accepted, row.errors) == (above.sum(), wrong[above].sum())
        bound = beta.ppf(certainty, row.errors + 1, row.accepted - row.errors)
        assert bound <= row.max_error + 1e-9


@given(validation_results(), st.integers(1, 100))
def test_repeating_correct_confident_images_never_accepts_less(results, extra):
    confidence, wrong = results
    before = levels(find_thresholds(confidence, wrong))
    after = levels(
        find_thresholds(
            np.append(confidence, np.full(extra, 2.0)),
            np.append(wrong, np.zeros(extra, bool)),
        )
    )
    for level in before.keys() & after.keys():
        assert after[level].accepted >= before[level].accepted


def test_the_order_of_the_images_does_not_matter():
    rng = np.random.default_rng(0)
    confidence = rng.random(1000).round(2)
    wrong = rng.random(1000) < 0.1 * (1 - confidence)
    order = rng.permutation(1000)
    assert find_thresholds(confidence, wrong) == find_thresholds(
        confidence[order], wrong[order]
    )


def test_images_of_one_confidence_are_accepted_together_or_not_at_all():
    confidence = np.repeat([1.0, 0.9, 0.5], [300, 100, 100])
    wrong = np.zeros(500, bool)
    wrong[350] = True
    wrong[400:] = True
    table = find_thresholds(confidence, wrong, [0.01])
    assert table[0] == Threshold(0.01, 0.9, 0.6, 300, 0)
    assert table[-1] == Threshold(None, 0.9, 0.6, 300, 0)


def test_equal_confidences_are_all_certain_or_none_is():
    equal = np.ones(400)
    assert levels(find_thresholds(equal, wrong_at(400)))[0.01].accepted == 400
    table = find_thresholds(equal, wrong_at(400, *range(200)))
    assert table == [Threshold(None, 1.0, 0.0, 0, 0)]


def test_with_very_few_images_nothing_is_certain():
    confidence = np.array([0.9, 0.8, 0.7])
    right = find_thresholds(confidence, np.zeros(3, bool))
    assert right == [Threshold(None, 0.7, pytest.approx(2 / 3), 2, 0)]
    one_wrong = find_thresholds(confidence, wrong_at(3, 1))
    assert one_wrong == [Threshold(None, 0.8, pytest.approx(1 / 3), 1, 0)]
    assert not right[0].guarantees(1.0)


SIMULATIONS = 1000
NOISE = 3 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


def failure_rate(risks, level, simulations=SIMULATIONS):
    """Return how often a threshold with a true error above the level is certified.

    ``risks`` are the probabilities of an error by rank. The true error of a threshold
    is their mean up to its rank.
    """
    rng = np.random.default_rng(0)
    count = len(risks)
    true_errors = np.cumsum(risks) / np.arange(1, count + 1)
    failures = 0
    for _ in range(simulations):
        table = find_thresholds(falling(count), rng.random(count) < risks, [level])
        certain = levels(table).get(level)
        failures += certain is not None and true_errors[certain.accepted - 1] > level
    return failures / simulations


@pytest.mark.runs
@pytest.mark.parametrize("level", [0.1, 0.01])
@pytest.mark.parametrize(
    "shape",
    [
        lambda x: np.full_like(x, 1.0001),  # always slightly too many errors
        lambda x: np.where(x < 0.5, 0.9, 1.2),  # too many errors in the second half
        lambda x: np.where(x < 0.8, 0.3, 20.0),  # few errors, then very many
        lambda x: 6 * x**5,  # like real models: nearly all at the end
        lambda x: np.where(x < 0.1, 3.0, 0.95),  # the most confident are the worst
    ],
)
def test_at_most_5_percent_of_validation_parts_certify_too_high_an_error(shape, level):
    risks = np.minimum(level * shape((np.arange(1000) + 0.5) / 1000), 1)
    assert failure_rate(risks, level) <= 0.05 + NOISE


@pytest.mark.runs
def test_bounds_hold_for_new_images_with_a_temperature_fitted_on_the_same_ones():
    rng = np.random.default_rng(0)
    new_logits, new_labels = drawn(50_000, 2.0, rng, spread=8)
    new_wrong = new_logits.argmax(axis=1) != new_labels
    failures = dict.fromkeys((0.1, 0.02), 0)
    certified = dict(failures)
    for _ in range(200):
        logits, labels = drawn(1000, 2.0, rng, spread=8)
        temperature = fit_temperature(logits, labels)
        wrong = logits.argmax(axis=1) != labels
        table = find_thresholds(
            calibrated_confidence(logits, temperature), wrong, [*failures]
        )
        new = calibrated_confidence(new_logits, temperature)
        for row in table[:-1]:
            certified[row.max_error] += 1
            error = new_wrong[new > row.threshold].mean()
            failures[row.max_error] += error > row.max_error
    assert min(certified.values()) > 150
    assert max(failures.values()) / 200 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


TABLE = [
    Threshold(0.01, 0.5, 0.99, 990, 4),
    Threshold(0.002, 0.9, 0.9, 900, 0),
    Threshold(None, 0.8, 0.95, 950, 0),
]


@pytest.mark.parametrize(
    ("asked", "row", "guaranteed"),
    [
        (0.01, 0, True),
        (0.05, 0, True),
        (0.005, 1, True),
        (0.002, 1, True),
        (0.001, 1, False),
    ],
)
def test_the_level_asked_for_or_the_next_stricter_or_the_strictest_is_chosen(
    asked, row, guaranteed
):
    chosen = choose_threshold(TABLE, asked)
    assert chosen == TABLE[row]
    assert chosen.guarantees(asked) == guaranteed


def test_if_nothing_is_certain_the_chosen_row_guarantees_nothing():
    chosen = choose_threshold(TABLE[2:], 0.1)
    assert chosen == TABLE[2]
    assert not chosen.guarantees(0.1)


def test_a_higher_certainty_accepts_less():
    confidence, wrong = falling(6000), wrong_at(6000, 5800, 5900)
    accepted = [
        levels(find_thresholds(confidence, wrong, [0.001], certainty))[0.001].accepted
        for certainty in (0.9, 0.95, 0.99)
    ]
    assert accepted == [6000, 5900, 5800]
    assert binom.cdf(2, 6000, 0.001) <= 0.1 < binom.cdf(2, 5000, 0.001)
    assert binom.cdf(1, 5900, 0.001) <= 0.05 < binom.cdf(2, 6000, 0.001)
    assert binom.cdf(0, 5800, 0.001) <= 0.01 < binom.cdf(1, 5900, 0.001)
