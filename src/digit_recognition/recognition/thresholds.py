"""When to trust an answer: temperature scaling, and thresholds that bound the error.

Whatever is said here about errors holds for images like those of the validation part,
that is, for digits like MNIST's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from digit_recognition.recognition.calibration import rank_by_confidence

MAX_ERRORS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
CERTAINTY = 0.95
EARLY_SHARE = 0.1
"""What the strict start gets of the 5 % that a bound may be wrong by chance."""


@dataclass(frozen=True)
class Threshold:
    """Images of a confidence above ``threshold`` are accepted, all others are not.

    The error among accepted images is at most ``max_error`` with 95 % certainty; None
    where nothing is certain. ``coverage`` (0..1), ``accepted`` and ``errors`` are what
    came of it on the validation part.
    """

    max_error: float | None
    threshold: float
    coverage: float
    accepted: int
    errors: int

    def keeps(self, max_error: float) -> bool:
        """Whether the error is at most ``max_error`` with 95 % certainty."""
        return self.max_error is not None and self.max_error <= max_error


def find_thresholds(
    confidence: np.ndarray,
    wrong: np.ndarray,
    max_errors: Sequence[float] = MAX_ERRORS,
) -> list[Threshold]:
    """For each level of error that can be had, the threshold with the most coverage.

    ``confidence`` is (n,), ``wrong`` bool (n,), of validation images. Levels that
    cannot be had are left out; the last row has ``max_error`` None and accepts what is
    above the most confident error. Each row for itself holds with 95 % certainty
    (selective risk as in Geifman and El-Yaniv 2017, "Selective classification for deep
    neural networks"); see ``_certify`` for how.
    """
    # A threshold accepts all images of one confidence or none of them.
    accepted, errors, least = rank_by_confidence(confidence, wrong)
    thresholds = np.append(least[1:], 0.0)

    def row(max_error: float | None, threshold: float) -> Threshold:
        above = confidence > threshold
        return Threshold(
            max_error=max_error,
            threshold=float(threshold),
            coverage=float(above.mean()),
            accepted=int(above.sum()),
            errors=int(wrong[above].sum()),
        )

    found = {level: _certify(accepted, errors, level) for level in max_errors}
    return [
        *(row(level, thresholds[at]) for level, at in found.items() if at is not None),
        row(None, confidence[wrong].max(initial=confidence.min())),
    ]


def choose_threshold(table: Sequence[Threshold], max_error: float) -> Threshold:
    """The row to use where the error is to be at most ``max_error``.

    That of the level itself, or else of the next stricter one. Where neither is in the
    table, the strictest that is, which ``keeps`` less than what was asked for.
    """
    levels = {row.max_error: row for row in table}
    certain = [level for level in levels if level is not None]
    strict = [level for level in certain if level <= max_error]
    return levels[max(strict) if strict else min(certain, default=None)]


def dump_thresholds(table: Sequence[Threshold]) -> str:
    """The table as JSON."""
    return json.dumps([asdict(row) for row in table])


def load_thresholds(text: str) -> list[Threshold]:
    """The table that ``dump_thresholds`` wrote."""
    return [Threshold(**row) for row in json.loads(text)]


def _certify(accepted: np.ndarray, errors: np.ndarray, level: float) -> int | None:
    """The index of the last threshold whose error is at most ``level``, if any.

    Thresholds are tested one after another from few to many accepted images, until one
    fails; whether one passes is the exact binomial tail (the one-sided bound of Clopper
    and Pearson 1934). As the order is settled by the confidences, before it is known
    which are wrong (but for the one temperature, fitted on the same images), no
    correction for their number is needed (Angelopoulos, Bates, Candès,
    Jordan and Lei 2021, "Learn then test"). There are two starts: a tenth of the 5 %
    goes to the first threshold that can pass at all, the rest to half of the images,
    where single errors among the most confident do no harm; what has passed hands its
    share on (the fallback procedure of Wiens 2003).
    """
    from scipy.stats import binom

    risk = 1 - CERTAINTY
    tails = binom.cdf(errors, accepted, level)

    def least(share: float) -> float:
        """Accepted images that pass with no error."""
        return np.log(share * risk) / np.log1p(-level)

    half = accepted[-1] / 2
    first = int(np.searchsorted(accepted, max(least(1), half)))
    early = np.arange(np.searchsorted(accepted, least(EARLY_SHARE)), first)
    passed = _run(tails[early] <= EARLY_SHARE * risk)
    last = early[passed - 1] if passed else None
    later = np.arange(first, len(accepted))
    if not later.size:
        return last
    # From the first straight on to where one more error is allowed: in between, the
    # first error would end it.
    allowed = binom.ppf(risk, accepted[first], level)
    more = binom.cdf(allowed, accepted, level) <= risk
    further = later[more[later] & (later > first)]
    if further.size:
        later = np.insert(further, 0, first)
    left = risk if passed == early.size else (1 - EARLY_SHARE) * risk
    passed = _run(tails[later] <= left)
    return int(later[passed - 1]) if passed else last


def _run(passes: np.ndarray) -> int:
    """How many pass before the first that does not."""
    return int(np.logical_and.accumulate(passes).sum())
