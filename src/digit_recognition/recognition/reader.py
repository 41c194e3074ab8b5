"""From a page to numbers: what each mark on it is, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digit_recognition.errors import ProjectError
from digit_recognition.imaging.segmentation import Mark, TooManyMarks, find_digits
from digit_recognition.imaging.splitting import merge_marks, split_candidates
from digit_recognition.recognition.calibration import calibrated_confidence
from digit_recognition.recognition.thresholds import choose_threshold, load_thresholds

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
else:
    InferenceSession = Any  # Kedro resolves the nodes' type hints

WIDE = 1.4
"""Wider than so many times its height, a mark is more than one digit."""

MAYBE_WIDE = 0.8
"""Wider than so, it may be."""

LIKELY = 0.9
"""Halves are digits that touched if each is one with at least this confidence, and
neighbours a broken digit if both together are."""

SURELY = 0.99
"""A digit that seems sure is in doubt where both halves are digits as sure as this."""

BROKEN = 1.1
"""Wider than so many times its height, what two marks make is no digit."""

GAP = 0.2
"""Farther apart than this share of their height, two marks are no one digit."""

NAMED = 3
"""So many doubts of a line are named, the others counted."""

NO_DIGIT = "perhaps no digit"
TOO_WIDE = "too wide for one digit"
CUT = "cut from touching ink"
KNOWN = (
    *("temperature", "thresholds", "digit_threshold"),
    *("model_version", "recipe", "dataset"),
)


@dataclass(frozen=True)
class Digit:
    """What a mark was read as; ``doubt`` says why that is not sure, if it is not."""

    mark: Mark
    digit: int
    confidence: float
    doubt: str


@dataclass(frozen=True)
class Line:
    """Digits from left to right."""

    digits: list[Digit]

    @property
    def number(self) -> str:
        """The digits as text."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def confidence(self) -> float:
        """That all digits are right, taken as independent, 0..1."""
        return float(np.prod([digit.confidence for digit in self.digits]))

    @property
    def reason(self) -> str:
        """Why a person should look; empty where the number is accepted."""
        doubts = [
            f"digit {place}: {digit.doubt}" if len(self.digits) > 1 else digit.doubt
            for place, digit in enumerate(self.digits, start=1)
            if digit.doubt
        ]
        more = len(doubts) - NAMED
        named = "; ".join(doubts[:NAMED])
        return f"{named}; and {more} more" if more > 0 else named


def _in_company(lines: list[list[Digit]]) -> list[list[Digit]]:
    """The lines, all of them in doubt where most on the page is no digit."""
    strange = [digit.doubt == NO_DIGIT for line in lines for digit in line]
    if 2 * sum(strange) <= len(strange):
        return lines
    return [
        [
            replace(digit, doubt=digit.doubt or "among what is no digit")
            for digit in line
        ]
        for line in lines
    ]


class NothingToRead(ValueError):  # noqa: N818 (it is not an error of the program)
    """A page without digits; the message is the reason."""


class Reader:
    """Reads pages with an exported model, of whose errors at most a share is wanted.

    ``threshold`` is the row of the model's table that was taken for it.
    """

    def __init__(self, session: InferenceSession, max_error: float):
        """Raises ProjectError where the model does not tell what a reader must know."""
        self.metadata = session.get_modelmeta().custom_metadata_map
        if missing := [name for name in KNOWN if name not in self.metadata]:
            raise ProjectError(
                f"expected {', '.join(missing)} in the metadata of model_onnx, "
                "received none; make it anew with `kedro run --pipeline export`"
            )
        self._session = session
        self._temperature = float(self.metadata["temperature"])
        self._digit_threshold = float(self.metadata["digit_threshold"])
        self.threshold = choose_threshold(
            load_thresholds(self.metadata["thresholds"]), max_error
        )

    def read(self, grey: np.ndarray) -> list[Line]:
        """The lines of digits on a page, float32 (h, w) in 0..1, at least one.

        Raises NothingToRead with the reason.
        """
        try:
            lines = find_digits(grey)
        except TooManyMarks as error:
            raise NothingToRead(f"no digits, but {error}") from error
        if not lines:
            raise NothingToRead("nothing written was found")
        digits = iter(self._digits([mark for line in lines for mark in line]))
        found = [
            self._together([d for _ in line for d in self._apart(next(digits))])
            for line in lines
        ]
        return [Line(line) for line in _in_company(found)]

    def _digits(self, marks: list[Mark]) -> list[Digit]:
        fields = np.stack([mark.field for mark in marks])[..., None]
        logits, digit_logits = self._session.run(
            ["logits", "digit_logit"], {"image": fields}
        )
        sure = calibrated_confidence(logits, self._temperature)
        return [
            Digit(
                mark,
                int(digit),
                float(confidence),
                self._doubt(confidence, score, mark.uneven),
            )
            for mark, digit, confidence, score in zip(
                marks, logits.argmax(axis=1), sure, digit_logits[:, 0], strict=True
            )
        ]

    def _doubt(self, confidence: float, digit_logit: float, uneven: bool) -> str:
        if uneven or digit_logit < self._digit_threshold:
            return NO_DIGIT
        if not confidence > self.threshold.threshold:
            return f"unsure ({confidence:.1%})"
        return ""

    def _apart(self, whole: Digit) -> list[Digit]:
        """The digits of a mark that is too wide for one, or is no clear digit."""
        aspect = whole.mark.width / whole.mark.height
        if aspect < MAYBE_WIDE or whole.mark.placed:
            return [whole]
        if aspect >= WIDE and not whole.doubt:
            whole = replace(whole, doubt=TOO_WIDE)
        known = whole.doubt not in (NO_DIGIT, TOO_WIDE)
        best, most = [whole], LIKELY
        for parts in split_candidates(whole.mark):
            pair = [
                replace(part, doubt=part.doubt or CUT)
                for part in self._digits(list(parts))
            ]
            least = min(part.confidence for part in pair)
            if least >= most and NO_DIGIT not in [part.doubt for part in pair]:
                best, most = pair, least
        if not known or len(best) == 1 or most > whole.confidence:
            return best
        likely = most >= SURELY and not whole.doubt
        return [replace(whole, doubt="perhaps two that touch") if likely else whole]

    def _together(self, digits: list[Digit]) -> list[Digit]:
        """The digits of a line, neighbours in doubt joined where that is a digit."""
        line: list[Digit] = []
        for digit in digits:
            both = line and self._one(line[-1], digit)
            line = [*line[:-1], both] if both else [*line, digit]
        return line

    def _one(self, left: Digit, right: Digit) -> Digit | None:
        doubts = left.doubt, right.doubt
        if not any(doubts) or CUT in doubts or left.mark.placed:
            return None
        mark = merge_marks(left.mark, right.mark)
        gap = mark.width - left.mark.width - right.mark.width
        if mark.width > BROKEN * mark.height or gap > GAP * mark.height:
            return None
        (both,) = self._digits([mark])
        least = min(left.confidence, right.confidence)
        better = both.confidence >= max(LIKELY, least) and both.doubt != NO_DIGIT
        return both if better else None
