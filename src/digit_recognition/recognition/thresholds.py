"""Find confidence thresholds that bound the error among accepted digits.

The error is the fraction of accepted digits that are read wrongly. A bound is computed
from validation images, and holds only for digits that are like these images. For
example, a bound from MNIST's images does not hold for digits in another style.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from digit_recognition.recognition.calibration import rank_by_confidence

MAX_ERRORS = (
    0.1,
    0.05,
    0.02,
    0.01,
    0.005,
    0.002,
    0.0015,
    0.001,
    0.0005,
    0.0002,
    0.0001,
)
"""Default limits on the error, which is the fraction of wrong digits among the accepted
digits. ``find_thresholds`` returns a threshold for each limit that can be
guaranteed."""

CERTAINTY = 0.95
"""Default probability with which a bound on the error among accepted digits holds."""

LATE_START = 0.5
"""Coverage at which the second of the two sequences of tests in ``_certify``
starts. The coverage is the fraction of all images that is accepted."""

EARLY_SHARE = 0.1
"""Fraction of the risk that the first of the two sequences of tests in ``_certify`` may
use. The risk is the allowed probability that a bound does not hold, 1 - certainty."""


@dataclass(frozen=True)
class Threshold:
    """A digit is accepted if its confidence (0..1) is above ``threshold``.

    The fraction of wrong digits among the accepted digits is at most ``max_error``. The
    probability that this bound holds is at least the ``certainty`` that was passed to
    ``find_thresholds``. If ``max_error`` is None, no bound is guaranteed. The other
    fields describe how the threshold works on the validation images:

    - ``coverage``: the fraction of accepted images, 0..1;
    - ``accepted``: the number of accepted images;
    - ``errors``: the number of errors among the accepted images.
    """

    max_error: float | None
    threshold: float
    coverage: float
    accepted: int
    errors: int

    def guarantees(self, max_error: float) -> bool:
        """Return whether the error is guaranteed to be at most ``max_error``."""
        return self.max_error is not None and self.max_error <= max_error


def find_thresholds(
    confidence: np.ndarray,
    wrong: np.ndarray,
    max_errors: Collection[float] = MAX_ERRORS,
    certainty: float = CERTAINTY,
) -> list[Threshold]:
    """Return a threshold for each maximum error that can be guaranteed.

    If several thresholds guarantee the same maximum error, the one with the largest
    coverage (fraction of accepted images) is returned. ``confidence``, float (n,) in
    0..1, and ``wrong``, bool (n,), describe the results on n validation images. The
    probability that a guarantee holds is at least ``certainty``.

    The thresholds are in the order of ``max_errors``. A maximum error is left out if no
    threshold guarantees it. Another threshold is always added at the end. It has the
    ``max_error`` None, because it guarantees nothing. It is the highest confidence of a
    wrong image, or the lowest confidence if no image is wrong.

    The certainty applies to each threshold separately, not to all of them together. The
    method bounds the selective risk, as in Geifman and El-Yaniv 2017, "Selective
    classification for deep neural networks". ``_certify`` explains how thresholds are
    tested.
    """
    # Images are accepted if their confidence is above the threshold. So the threshold
    # is the highest confidence among the images that are not accepted.
    accepted, errors, lowest = rank_by_confidence(confidence, wrong)
    thresholds = np.append(lowest[1:], 0.0)

    def row(max_error: float | None, threshold: float) -> Threshold:
        above = confidence > threshold
        return Threshold(
            max_error=max_error,
            threshold=float(threshold),
            coverage=float(above.mean()),
            accepted=int(above.sum()),
            errors=int(wrong[above].sum()),
        )

    certified = {
        level: _certify(accepted, errors, level, 1 - certainty) for level in max_errors
    }
    return [
        *(
            row(level, thresholds[index])
            for level, index in certified.items()
            if index is not None
        ),
        row(None, confidence[wrong].max(initial=confidence.min())),
    ]


def choose_threshold(table: Sequence[Threshold], max_error: float) -> Threshold:
    """Return the threshold in ``table`` to use for an error of at most ``max_error``.

    ``table`` is a result of ``find_thresholds``. The first of these thresholds that is
    in the table is returned:

    1. the threshold for ``max_error``;
    2. the threshold for the next smaller error;
    3. if all errors in the table are above ``max_error``, the threshold for the
       smallest of them;
    4. the threshold without a guarantee.
    """
    levels = {row.max_error: row for row in table}
    certain = [level for level in levels if level is not None]
    strict = [level for level in certain if level <= max_error]
    return levels[max(strict) if strict else min(certain, default=None)]


def _certify(
    accepted: np.ndarray, errors: np.ndarray, level: float, risk: float
) -> int | None:
    """Return the index of the last threshold that is certified for the error ``level``.

    If a threshold is certified, the true error among the images that it accepts is
    above ``level`` with a probability of at most ``risk``. The result is None if no
    threshold can be certified. ``accepted`` and ``errors`` (k,) count the accepted
    images and the errors among them for each threshold, from strict to loose.

    The thresholds are tested from strict to loose, until a test fails. Each test
    computes how likely it is to observe at most this many errors if the true error is
    ``level``. This probability is a tail of the binomial distribution. A threshold
    passes if the probability is at most the risk that the test may use (the one-sided
    bound of Clopper and Pearson 1934).

    The order of the tests depends on the confidences, but not on the errors, so a
    correction for multiple tests is not needed (Angelopoulos, Bates, Candès, Jordan and
    Lei 2021, "Learn then test"). This argument ignores that the confidences were
    calibrated on the same images.

    There are two sequences of tests:

    - The first sequence may use the fraction EARLY_SHARE of the risk. It starts at the
      strictest threshold that can pass at all.
    - The second sequence may use the rest of the risk. If all tests of the first
      sequence pass, it may use the whole risk (the fallback procedure of Wiens 2003).
      It starts where the fraction LATE_START of the images is accepted. With this
      many accepted images, a test can pass despite a few errors among the most
      confident images. Many of these errors are wrong labels.
    """
    tails = bdtr(errors, accepted, level)

    def minimum_accepted(share: float) -> float:
        """Return how many images a threshold must accept so that it can pass a test.

        A threshold passes if the probability that the test computes (see ``_certify``)
        is at most ``share * risk``, the risk that the test may use. If no accepted
        image is wrong, this probability falls with the number of accepted images. The
        result, which is not rounded, is the number at which the probability reaches
        ``share * risk``.
        """
        return np.log(share * risk) / np.log1p(-level)

    enough = max(minimum_accepted(1), LATE_START * accepted[-1])
    first = int(np.searchsorted(accepted, enough))
    early = np.arange(np.searchsorted(accepted, minimum_accepted(EARLY_SHARE)), first)
    passed = _count_until_false(tails[early] <= EARLY_SHARE * risk)
    last = early[passed - 1] if passed else None
    late = np.arange(first, len(accepted))
    if not late.size:
        return last
    # Test the first threshold. Of the later ones, test only those that pass even with
    # one more error than the first may have, if there are any. Those in between would
    # fail with this error.
    counts = np.arange(accepted[first] + 1)
    allowed = np.searchsorted(bdtr(counts, accepted[first], level), risk)
    allows_more = bdtr(allowed, accepted, level) <= risk
    following = late[allows_more[late] & (late > first)]
    if following.size:
        late = np.insert(following, 0, first)
    remaining = risk if passed == early.size else (1 - EARLY_SHARE) * risk
    passed = _count_until_false(tails[late] <= remaining)
    return int(late[passed - 1]) if passed else last


def _count_until_false(passes: np.ndarray) -> int:
    return int(np.logical_and.accumulate(passes).sum())
