"""From a page to numbers: which digit each mark is, and whether to accept it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition.errors import ProjectError
from digit_recognition.imaging.segmentation import Mark, TooManyMarks, find_digits
from digit_recognition.imaging.splitting import merge_marks, split_candidates
from digit_recognition.recognition.acceptance import (
    KEEP_DIGITS,
    AcceptanceRule,
    ValidationResults,
    find_acceptance_rule,
)
from digit_recognition.recognition.calibration import calibrated_confidence
from digit_recognition.recognition.thresholds import CERTAINTY

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
else:
    InferenceSession = Any  # Kedro resolves the nodes' type hints

MAX_ASPECT = 1.4
"""A mark whose width is more than this many heights is more than one digit."""

MIN_SPLIT_ASPECT = 0.8
"""A mark narrower than this many heights is never split."""

LIKELY = 0.9
"""Minimum confidence of both halves of a split mark, and of two merged marks."""

VERY_LIKELY = 0.99
"""Minimum confidence of both halves that puts a confident digit in doubt."""

MAX_MERGED_ASPECT = 1.1
"""Two marks that are together wider than this many heights are not one digit."""

MAX_MERGED_GAP = 0.2
"""Two marks farther apart than this many heights are not one digit."""

MAX_REASONS = 3
"""Number of doubts that a line's reason lists; the others are counted."""

NO_DIGIT = "perhaps no digit"
TOO_WIDE = "too wide for one digit"
SPLIT = "cut from touching ink"
REQUIRED_METADATA = ("temperature", "validation", "model_version", "recipe", "dataset")


@dataclass(frozen=True)
class Digit:
    """The digit that a mark was read as.

    ``confidence`` is in 0..1. ``doubt`` says why the digit is not accepted; it is empty
    if it is accepted.
    """

    mark: Mark
    digit: int
    confidence: float
    doubt: str


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right."""

    digits: list[Digit]

    @property
    def number(self) -> str:
        """The digits as text."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The probability that all digits are right if they are independent, 0..1."""
        return float(np.prod([digit.confidence for digit in self.digits]))

    @property
    def reason(self) -> str:
        """Why a person should check the number; empty if it is accepted."""
        doubts = [
            f"digit {place}: {digit.doubt}" if len(self.digits) > 1 else digit.doubt
            for place, digit in enumerate(self.digits, start=1)
            if digit.doubt
        ]
        others = len(doubts) - MAX_REASONS
        reason = "; ".join(doubts[:MAX_REASONS])
        return f"{reason}; and {others} more" if others > 0 else reason


class NothingToRead(ValueError):  # noqa: N818 (a page without digits is no error)
    """A page has no digits; the message is the reason."""


class Reader:
    """Reads the numbers on pages with an exported model.

    ``rule`` decides which digits are accepted; ``metadata`` is the model's.
    """

    def __init__(self, session: InferenceSession, rule: AcceptanceRule):
        """Raise ProjectError if the model lacks metadata that reading needs."""
        self.metadata = _require_metadata(session)
        self.rule = rule
        self._session = session
        self._temperature = float(self.metadata["temperature"])

    def read(self, grey: np.ndarray) -> list[Line]:
        """Return the lines of digits on a page, from top to bottom.

        ``grey`` is float32 (height, width) in 0..1. Raises NothingToRead if no digit is
        found.
        """
        try:
            lines = find_digits(grey)
        except TooManyMarks as error:
            raise NothingToRead(f"no digits, but {error}") from error
        if not lines:
            raise NothingToRead("nothing written was found")
        digits = iter(self._classify([mark for line in lines for mark in line]))
        found = [
            self._merge_broken(
                [d for _ in line for d in self._split_touching(next(digits))]
            )
            for line in lines
        ]
        return [Line(line) for line in _doubt_pages_of_non_digits(found)]

    def _classify(self, marks: list[Mark]) -> list[Digit]:
        images = np.stack([mark.field for mark in marks])[..., None]
        logits, digit_logits = self._session.run(
            ["logits", "digit_logit"], {"image": images}
        )
        confidences = calibrated_confidence(logits, self._temperature)
        return [
            Digit(
                mark,
                int(digit),
                float(confidence),
                self._doubt(confidence, digit_logit, mark.uneven),
            )
            for mark, digit, confidence, digit_logit in zip(
                marks,
                logits.argmax(axis=1),
                confidences,
                digit_logits[:, 0],
                strict=True,
            )
        ]

    def _doubt(self, confidence: float, digit_logit: float, uneven: bool) -> str:
        if uneven or digit_logit < self.rule.digit_threshold:
            return NO_DIGIT
        if not confidence > self.rule.threshold.threshold:
            return f"unsure ({confidence:.1%})"
        return ""

    def _split_touching(self, whole: Digit) -> list[Digit]:
        """Split a mark into two digits if it is too wide or in doubt.

        The best split is taken if both halves are likely digits; otherwise the mark
        stays whole.
        """
        aspect = whole.mark.width / whole.mark.height
        if aspect < MIN_SPLIT_ASPECT or whole.mark.placed:
            return [whole]
        if aspect >= MAX_ASPECT and not whole.doubt:
            whole = replace(whole, doubt=TOO_WIDE)
        best, best_confidence = [whole], LIKELY
        for marks in split_candidates(whole.mark):
            halves = [
                replace(half, doubt=half.doubt or SPLIT)
                for half in self._classify(list(marks))
            ]
            confidence = min(half.confidence for half in halves)
            are_digits = NO_DIGIT not in [half.doubt for half in halves]
            if confidence >= best_confidence and are_digits:
                best, best_confidence = halves, confidence
        is_one_digit = whole.doubt not in (NO_DIGIT, TOO_WIDE)
        if not is_one_digit or len(best) == 1 or best_confidence > whole.confidence:
            return best
        if best_confidence >= VERY_LIKELY and not whole.doubt:
            whole = replace(whole, doubt="perhaps two that touch")
        return [whole]

    def _merge_broken(self, digits: list[Digit]) -> list[Digit]:
        """Merge neighbours in a line that are the parts of one broken digit."""
        line: list[Digit] = []
        for digit in digits:
            merged = self._try_merge(line[-1], digit) if line else None
            line = [*line[:-1], merged] if merged else [*line, digit]
        return line

    def _try_merge(self, left: Digit, right: Digit) -> Digit | None:
        """Return both marks as one digit, or None if they are better read apart."""
        doubts = left.doubt, right.doubt
        if not any(doubts) or SPLIT in doubts or left.mark.placed:
            return None
        mark = merge_marks(left.mark, right.mark)
        gap = mark.width - left.mark.width - right.mark.width
        if (
            mark.width > MAX_MERGED_ASPECT * mark.height
            or gap > MAX_MERGED_GAP * mark.height
        ):
            return None
        (merged,) = self._classify([mark])
        minimum = max(LIKELY, min(left.confidence, right.confidence))
        is_better = merged.confidence >= minimum and merged.doubt != NO_DIGIT
        return merged if is_better else None


def load_reader(
    session: InferenceSession,
    max_error: float,
    certainty: float = CERTAINTY,
    keep_digits: float = KEEP_DIGITS,
) -> Reader:
    """Return a reader with an error of at most ``max_error`` among accepted digits.

    The parameters are those of ``find_acceptance_rule``. Raises ProjectError if the
    model lacks metadata that reading needs.
    """
    metadata = _require_metadata(session)
    validation = ValidationResults.from_json(metadata["validation"])
    rule = find_acceptance_rule(validation, max_error, certainty, keep_digits)
    return Reader(session, rule)


def _require_metadata(session: InferenceSession) -> dict[str, str]:
    metadata = session.get_modelmeta().custom_metadata_map
    if missing := [name for name in REQUIRED_METADATA if name not in metadata]:
        raise ProjectError(
            f"expected {', '.join(missing)} in the metadata of model_onnx, received "
            "none; export it again with `kedro run --pipelines export`"
        )
    return metadata


def _doubt_pages_of_non_digits(lines: list[list[Digit]]) -> list[list[Digit]]:
    """Put every digit in doubt if more than half of the marks are no digits."""
    no_digit = [digit.doubt == NO_DIGIT for line in lines for digit in line]
    if 2 * sum(no_digit) <= len(no_digit):
        return lines
    return [
        [
            replace(digit, doubt=digit.doubt or "among marks that are no digits")
            for digit in line
        ]
        for line in lines
    ]
