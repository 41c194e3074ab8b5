"""The acceptance rule: it says which digits are accepted.

A person should check the other digits. The rule is computed when pictures are read,
from the validation results that the exported model stores. So the rule can change
without another training or export. The detector is the part of the model that tells
digits from non-digits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from digit_recognition.recognition.thresholds import (
    CERTAINTY,
    MAX_ERRORS,
    Threshold,
    choose_threshold,
    find_thresholds,
)

MAX_NUMBER_ERROR = 0.0075
"""By default, at most this fraction of the accepted numbers may be wrong."""

KEEP_DIGITS = 0.97
"""By default, at least this fraction of the validation digits has a detector logit of
``digit_threshold`` or more."""

KEEP_LONE_ONES = 0.9
"""At least this fraction of all validation digits, not only of the 1s, has a detector
logit of ``lone_one_threshold`` or more. Many non-digits, such as strokes and brackets,
look like a 1: of 86 non-digits on synthetic pages that were above ``digit_threshold``
and the threshold for the confidence, 58 were read as a 1."""

LINE_PENALTY = 10
"""Some marks pass as digits only because of the other marks in their line (see
``AcceptanceRule.are_digits``). They look less like digits, so their probability of
error is multiplied by this factor."""

CLEAR_NON_DIGITS = 0.002
"""At most this fraction of the validation digits has a detector logit below
``non_digit_threshold``."""


class ValidationResults(NamedTuple):
    """The results of the model and its detector on n validation digits.

    All fields are arrays (n,), except that ``number`` may be None:

    - ``confidence``: the calibrated confidence, float64 in 0..1.
    - ``wrong``: True where the predicted digit is wrong.
    - ``digit_logit``: the detector's logit, float32.
    - ``number``: int64, says which multi-digit number the digit belongs to. Digits of
      the same number have the same value. ``number`` is None for models that older
      versions of this project exported.
    """

    confidence: np.ndarray
    wrong: np.ndarray
    digit_logit: np.ndarray
    number: np.ndarray | None = None

    def to_json(self) -> str:
        """Return the results as JSON, without loss of precision."""
        return json.dumps(
            {
                name: array.tolist()
                for name, array in self._asdict().items()
                if array is not None
            }
        )

    @classmethod
    def from_json(cls, text: str) -> ValidationResults:
        """Return the results that ``to_json`` wrote."""
        return cls.from_lists(**json.loads(text))

    @classmethod
    def from_lists(
        cls,
        confidence: list[float],
        wrong: list[bool],
        digit_logit: list[float],
        number: list[int] | None = None,
    ) -> ValidationResults:
        """Convert the lists to arrays, and return them as ValidationResults."""
        return cls(
            np.array(confidence, np.float64),
            np.array(wrong, bool),
            np.array(digit_logit, np.float32),
            None if number is None else np.array(number, np.int64),
        )


@dataclass(frozen=True)
class AcceptanceRule:
    """A digit is accepted if both its confidence and its detector logit suffice.

    The confidence must be above ``min_confidence``, or above ``min_confidence_alone``
    if the number has a single digit. Both values come from two thresholds for the
    confidence. ``threshold`` bounds the fraction of wrong numbers among the accepted
    numbers with one digit. ``number_threshold`` bounds this fraction among the accepted
    longer numbers. The probability that such a bound holds is at least ``certainty``.

    A mark is an object on a page that may be a digit. The method ``are_digits`` decides
    from the detector logits which marks of a line pass as digits. It uses these fields:

    - ``digit_threshold``: a mark with at least this logit passes as a digit.
    - ``non_digit_threshold``: a mark with a logit below this value is clearly a
      non-digit.
    - ``typical_logit``: the median logit of the validation digits.

    A 1 that is alone in its line passes only with a logit of at least
    ``lone_one_threshold``. A mark with a logit below ``lowest_logit``, the lowest of
    the validation digits, is never a part of a number.
    """

    threshold: Threshold
    digit_threshold: float
    certainty: float = CERTAINTY
    non_digit_threshold: float = -np.inf
    number_threshold: Threshold | None = None
    typical_logit: float = np.nan
    lone_one_threshold: float = -np.inf
    lowest_logit: float = -np.inf

    @property
    def min_confidence(self) -> float:
        """The confidence, 0..1, above which digits of multi-digit numbers are accepted.

        This is the rule's threshold for numbers. A rule without such a threshold uses
        its threshold for digits.
        """
        return (self.number_threshold or self.threshold).threshold

    @property
    def min_confidence_alone(self) -> float:
        """The confidence, 0..1, above which a single digit is accepted.

        It is the threshold for digits or the threshold for numbers, whichever is
        higher. The reason is that an object which stands alone on a page is less often
        a digit than an object in a line of digits.
        """
        return max(self.threshold.threshold, self.min_confidence)

    def guarantees_numbers(self, max_number_error: float) -> bool:
        """Return whether the rule guarantees an error of at most ``max_number_error``.

        The error is the fraction of wrong numbers, 0..1, among the accepted numbers
        with more than one digit. The probability that the guarantee holds is at least
        the rule's ``certainty``.
        """
        row = self.number_threshold
        return row is not None and row.guarantees(max_number_error)

    def are_digits(self, logits: np.ndarray) -> np.ndarray:
        """Return whether each mark of a line passes as a digit, bool (n,).

        A mark is an object on a page that may be a digit. ``logits`` (n,) holds the
        detector logits of the line's n marks. A mark passes on its own if its logit is
        at least ``digit_threshold``. A mark with a lower logit can still pass because
        of the other marks in its line. It passes if all of these conditions are met:

        - Its logit is at least ``non_digit_threshold``.
        - At least half of the line's marks pass on their own.
        - The mean of the line's logits is at least
          ``typical_logit - (typical_logit - digit_threshold) / sqrt(n)``. For longer
          lines, this value is closer to ``typical_logit``, because the mean of many
          logits varies less than a single logit.
        """
        passes = logits >= self.digit_threshold
        distance = self.typical_logit - self.digit_threshold
        min_mean = self.typical_logit - distance / np.sqrt(len(logits))
        is_line = 2 * passes.sum() >= len(logits) and logits.mean() >= min_mean
        return passes | (is_line & (logits >= self.non_digit_threshold))


def confidence_by_line(confidence: np.ndarray | float) -> np.ndarray | float:
    """Lower the confidence of marks that pass as digits only because of their line.

    A mark is an object on a page that may be a digit. A line is a row of digits. Some
    marks pass only because of the other marks in their line (see
    ``AcceptanceRule.are_digits``). ``confidence`` is the confidence of such marks. The
    probability of error (1 minus the confidence) is multiplied by LINE_PENALTY. So a
    confidence of 0.999 becomes 0.99, and a confidence below 0.9 becomes negative. No
    threshold accepts a mark with a negative confidence.
    """
    return 1 - LINE_PENALTY * (1 - confidence)


def find_acceptance_rule(
    validation: ValidationResults,
    max_error: float,
    certainty: float = CERTAINTY,
    keep_digits: float = KEEP_DIGITS,
    max_number_error: float = MAX_NUMBER_ERROR,
) -> AcceptanceRule:
    """Return the rule that bounds the errors among accepted digits and numbers.

    ``max_error`` bounds the fraction of wrong numbers among the accepted numbers with
    one digit. ``max_number_error`` bounds this fraction among the accepted longer
    numbers. The probability that such a bound holds is at least ``certainty``. If
    no threshold guarantees a bound, the rule uses a threshold that guarantees a larger
    bound, or one that guarantees nothing (see ``choose_threshold``).

    The rule's ``digit_threshold`` is a quantile of the validation digits' detector
    logits. At least the fraction ``keep_digits`` of the validation digits have a
    detector logit of ``digit_threshold`` or higher.

    When the threshold for digits is chosen, each digit counts as a number with one
    digit. It is accepted only if its logit is at least ``digit_threshold``. The
    threshold for numbers is explained in ``_find_number_threshold``. If
    ``validation.number`` is None, there is no threshold for numbers.
    """
    digit_logit = validation.digit_logit
    digit_threshold = np.quantile(digit_logit, 1 - keep_digits, method="lower")
    confidence = np.where(digit_logit >= digit_threshold, validation.confidence, 0)
    levels = {max_error, *MAX_ERRORS}
    thresholds = find_thresholds(confidence, validation.wrong, levels, certainty)
    rule = AcceptanceRule(
        choose_threshold(thresholds, max_error),
        float(digit_threshold),
        certainty,
        float(np.quantile(digit_logit, CLEAR_NON_DIGITS, method="lower")),
        typical_logit=float(np.median(digit_logit)),
        lone_one_threshold=float(
            np.quantile(digit_logit, 1 - KEEP_LONE_ONES, method="lower")
        ),
        lowest_logit=float(digit_logit.min()),
    )
    if validation.number is None:
        return rule
    row = _find_number_threshold(validation, validation.number, rule, max_number_error)
    return replace(rule, number_threshold=row)


def _find_number_threshold(
    validation: ValidationResults,
    number: np.ndarray,
    rule: AcceptanceRule,
    max_number_error: float,
) -> Threshold:
    """Return the threshold that bounds the fraction of wrong numbers.

    A wrong number has at least one wrong digit. So the fraction of wrong numbers among
    the accepted ones is at most the fraction of wrong digits among the accepted ones,
    multiplied by the mean length of a number. The threshold bounds the fraction of
    wrong digits accordingly. This assumes that accepted digits are not wrong more often
    in numbers that are accepted as a whole than in others.

    A digit is accepted only if it passes ``are_digits``. Some digits pass only because
    of their line: their confidence is lowered first (see ``confidence_by_line``).
    ``number`` is ``validation.number``, int64 (n,). Digits of the same number have the
    same value in it. The fields ``coverage``, ``accepted`` and ``errors`` of the result
    count numbers. A number is accepted if all of its digits are accepted, and wrong if
    any of them is wrong.
    """
    alone = validation.digit_logit >= rule.digit_threshold
    by_line = confidence_by_line(validation.confidence)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=np.nan))
    lines = np.split(validation.digit_logit[order], starts[1:])
    passes = np.concatenate([rule.are_digits(logits) for logits in lines])
    judged = np.where(alone, validation.confidence, by_line)[order]
    judged = np.where(passes, np.maximum(judged, 0), 0)
    length = len(number) / len(lines)
    levels = {error / length: error for error in (max_number_error, *MAX_ERRORS)}
    thresholds = find_thresholds(
        judged, validation.wrong[order], levels, rule.certainty
    )
    row = choose_threshold(thresholds, max_number_error / length)
    is_accepted = np.minimum.reduceat(judged, starts) > row.threshold
    is_wrong = np.logical_or.reduceat(validation.wrong[order], starts)
    return Threshold(
        None if row.max_error is None else levels[row.max_error],
        row.threshold,
        coverage=float(is_accepted.mean()),
        accepted=int(is_accepted.sum()),
        errors=int((is_accepted & is_wrong).sum()),
    )
