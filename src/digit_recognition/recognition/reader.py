"""From a page to numbers: which digit each mark is, and whether to accept it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from digit_recognition.errors import ProjectError
from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.ink import (
    Ink,
    find_ink,
    find_ink_locally,
    light_is_even,
    max_local_stroke,
    resized,
)
from digit_recognition.imaging.mnist_format import is_mnist_format
from digit_recognition.imaging.segmentation import (
    Mark,
    TooManyMarks,
    find_marks,
    placed_mark,
    unread_boxes,
)
from digit_recognition.imaging.splitting import merge_marks, split_candidates
from digit_recognition.recognition.acceptance import (
    KEEP_DIGITS,
    AcceptanceRule,
    ValidationResults,
    find_acceptance_rule,
)
from digit_recognition.recognition.calibration import calibrated_confidence
from digit_recognition.recognition.lines import (
    NO_DIGIT,
    TOO_WIDE,
    Digit,
    Line,
    arrange_in_lines,
)
from digit_recognition.recognition.regions import away_from_sides, choose_by_region
from digit_recognition.recognition.thresholds import CERTAINTY

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
else:
    InferenceSession = Any  # Kedro resolves the nodes' type hints

MAX_SEARCH_PIXELS = 2_500_000
"""Maximum number of pixels of the reduced page: A4 at 150 dpi has 2.2 million."""

MIN_HEIGHT = 20
"""Minimum typical height of the digits on a reduced page, in its pixels. Digits have 20
in MNIST's format."""

MAX_UNREAD_INK = 0.05
"""A page is settled by its first reading if this share of the ink at most is left."""

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

SPLIT = "cut from touching ink"
REQUIRED_METADATA = ("temperature", "validation", "model_version", "recipe", "dataset")


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

        A large page is reduced first; it is read in full if its digits are small.
        """
        if is_mnist_format(grey):
            return [Line(self._classify([placed_mark(grey)]))]
        factor = math.ceil(math.sqrt(grey.size / MAX_SEARCH_PIXELS))
        lines = self._read_reduced(grey, factor)
        heights = [digit.mark.height for line in lines for digit in line.digits]
        if factor > 1 and (not lines or np.median(heights) < MIN_HEIGHT * factor):
            lines = self._read_reduced(grey, 1)
        if not lines:
            raise NothingToRead("nothing written was found")
        return lines

    def _read_reduced(self, grey: np.ndarray, factor: int) -> list[Line]:
        """Read a page reduced by ``factor``; boxes are in pixels of the full page."""
        height, width = (-(-side // factor) for side in grey.shape)
        small = resized(grey, (height, width), Image.Resampling.BOX)
        digits, unread = self._find_digits(small)
        threshold = self.rule.non_digit_threshold
        lines = arrange_in_lines(digits, unread, threshold) if digits else []
        return [
            replace(
                line,
                digits=[
                    replace(digit, mark=digit.mark.enlarged(factor, grey.shape))
                    for digit in self._merge_broken(line.digits)
                ],
            )
            for line in lines
        ]

    def _find_digits(self, grey: np.ndarray) -> tuple[list[Digit], list[Box]]:
        """Return the digits of the best reading of each region, and the ink left out.

        Raises NothingToRead for a page of texture.
        """
        found: list[Digit] | None = None
        inks: list[Ink] = []
        texture = None
        is_even = light_is_even(grey)
        for find in (find_ink, find_ink_locally):
            if inks and is_even and inks[0].stroke > max_local_stroke(grey):
                break
            ink = find(grey)
            inks.append(ink)
            try:
                for marks in find_marks(ink):
                    is_local = find is find_ink_locally
                    reading = away_from_sides(marks, grey.shape) if is_local else marks
                    wholes = self._classify(reading)
                    digits = [d for w in wholes for d in self._split_touching(w)]
                    found = choose_by_region(found or [], digits)
                    if is_even and _is_settled(found, ink):
                        return found, unread_boxes(ink, [d.mark for d in found])
            except TooManyMarks as error:
                texture = error
        if found is None and texture:
            raise NothingToRead(f"no digits, but {texture}") from texture
        found = found or []
        marks = [digit.mark for digit in found]
        return found, unread_boxes(inks[-1], marks)

    def _classify(self, marks: list[Mark]) -> list[Digit]:
        if not marks:
            return []
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
                float(digit_logit),
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


def _is_settled(digits: list[Digit], ink: Ink) -> bool:
    """Return whether no other reading is needed: all ink is digits without a doubt."""
    if not digits or any(digit.doubt for digit in digits):
        return False
    rest = ink.smooth * ink.traces
    total = float(rest.sum())
    for digit in digits:
        mark = digit.mark
        rest[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width] = 0
    return float(rest.sum()) <= MAX_UNREAD_INK * total


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
