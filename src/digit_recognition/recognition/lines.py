"""Arrange the digits of a page in lines, and doubt lines that may lack a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digit_recognition.imaging.segmentation import Mark, remove_specks, sort_into_lines

MAX_REASONS = 3
"""Number of doubts that a line's reason lists; the others are counted."""

NO_DIGIT = "perhaps no digit"
TOO_WIDE = "too wide for one digit"
LEFT_OUT = "ink beside it was left out"
OVERLAPS = "overlaps another line"
ASIDE = "aside from the other numbers"

LIKELY = 0.9
"""Marks with this confidence stay in their line, even if they are hardly digits."""

MIN_SIZE, MAX_SIZE = 0.35, 2.5
"""Range of a digit's longest side, in typical heights on the page."""

MIN_UNREAD_HEIGHT = 0.5
"""Minimum height of ink that may be a digit that was not read, in typical heights."""

MIN_STRAY_SIZE, MAX_STRAY_SIZE = 0.6, 1.7
"""A line of one doubtful mark with a height outside of this range is no number."""

MAX_REJECTED = 3
"""Maximum area of the marks that are no digits, as a multiple of the digits' area."""

NEAR = 1.5
"""Ink is beside a line up to this distance, in typical heights."""

MAX_GAP = 2.5
"""Maximum gap in a line without a doubt, in typical heights, and in the line's median
gaps."""

MIN_SHARED_ROWS = 0.25
"""Ink is beside a digit if they share this part of the lower one's height."""


@dataclass(frozen=True)
class Digit:
    """The digit that a mark was read as.

    ``confidence`` is in 0..1. ``doubt`` says why the digit is not accepted; it is empty
    if it is accepted. ``digit_logit`` is the detector's: positive for digits.
    """

    mark: Mark
    digit: int
    confidence: float
    doubt: str
    digit_logit: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right.

    ``doubts`` say why the line as a whole may be wrong, such as ink that was left out.
    """

    digits: list[Digit]
    doubts: tuple[str, ...] = ()

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
        doubts = [*self.doubts] + [
            f"digit {place}: {digit.doubt}" if len(self.digits) > 1 else digit.doubt
            for place, digit in enumerate(self.digits, start=1)
            if digit.doubt
        ]
        others = len(doubts) - MAX_REASONS
        reason = "; ".join(doubts[:MAX_REASONS])
        return f"{reason}; and {others} more" if others > 0 else reason


def arrange_in_lines(
    digits: Sequence[Digit], unread: Sequence[Mark], non_digit_threshold: float
) -> list[Line]:
    """Return the lines of a page from top to bottom.

    Marks that are clearly no digits, specks and stray marks get no place in a line if
    the page has digits. A detector logit below ``non_digit_threshold`` is clear.
    ``unread`` are connected components of ink that were not read. A line is in doubt if
    such ink of a digit's size, or a mark without a place, lies beside it.
    """
    sure = [d.mark for d in digits if d.doubt not in (NO_DIGIT, TOO_WIDE)]
    if not sure:
        return _doubt_all([Line(line) for line in _sort(digits)])
    height = float(np.median([max(mark.height, mark.width) for mark in sure]))
    placed = [d for d in digits if _may_be_digit(d, height, non_digit_threshold)]
    numbers = [line for line in _sort(placed) if not _is_stray(line, height)]
    numbers = numbers or _sort(placed)
    in_numbers = {id(digit) for line in numbers for digit in line}
    rejected = [digit.mark for digit in digits if id(digit) not in in_numbers]
    left_out = [
        mark for mark in rejected if max(mark.width, mark.height) >= MIN_SIZE * height
    ] + [mark for mark in unread if mark.height >= MIN_UNREAD_HEIGHT * height]
    left_out = [mark for mark in left_out if mark.height <= MAX_STRAY_SIZE * height]
    drawings = [mark for mark in rejected if mark.height > MAX_STRAY_SIZE * height]
    lines = []
    for place, line in enumerate(numbers):
        others = [*numbers[:place], *numbers[place + 1 :]]
        lines.append(
            Line(line, tuple(_doubts(line, others, left_out, drawings, height)))
        )
    read_area = sum(_area(digit.mark) for line in numbers for digit in line)
    rejected_area = sum(_area(mark) for mark in rejected)
    large = [d for d in digits if d.mark.height >= MIN_UNREAD_HEIGHT * height]
    non_digits = sum(digit.doubt == NO_DIGIT for digit in large)
    non_digits += sum(mark.height >= MIN_UNREAD_HEIGHT * height for mark in unread)
    count = sum(digit.doubt != NO_DIGIT for digit in large)
    if non_digits > count or rejected_area > MAX_REJECTED * read_area:
        return _doubt_all(lines)
    return lines


def _sort(digits: Sequence[Digit]) -> list[list[Digit]]:
    by_mark = {id(digit.mark): digit for digit in digits}
    lines = sort_into_lines(remove_specks([digit.mark for digit in digits]))
    return [[by_mark[id(mark)] for mark in line] for line in lines]


def _may_be_digit(digit: Digit, height: float, non_digit_threshold: float) -> bool:
    """Return whether a mark gets a place in a line, by its looks and its size."""
    mark = digit.mark
    is_no_digit = digit.doubt == NO_DIGIT
    if (
        is_no_digit
        and digit.digit_logit < non_digit_threshold
        and digit.confidence < LIKELY
    ):
        return False
    max_size = MAX_STRAY_SIZE if is_no_digit else MAX_SIZE
    return MIN_SIZE * height <= mark.height <= max_size * height


def _is_stray(line: list[Digit], height: float) -> bool:
    """Return whether a line holds only marks that are no digits, or one odd mark."""
    if all(digit.doubt == NO_DIGIT for digit in line):
        return True
    if len(line) > 1 or not line[0].doubt:
        return False
    size = max(line[0].mark.width, line[0].mark.height)
    return not MIN_STRAY_SIZE * height <= size <= MAX_STRAY_SIZE * height


def _doubts(
    line: list[Digit],
    others: list[list[Digit]],
    left_out: list[Mark],
    drawings: list[Mark],
    height: float,
) -> list[str]:
    """Return why a line may lack a digit, or have one too many."""
    doubts = []
    marks = [digit.mark for digit in line]
    is_beside = any(
        _is_beside(mark, own, NEAR * height) for mark in left_out for own in marks
    )
    is_inside = any(_is_inside(own, mark) for mark in drawings for own in marks)
    if is_beside or is_inside:
        doubts.append(LEFT_OUT)
    if any(
        _is_beside(digit.mark, own, NEAR * height)
        for other in others
        for digit in other
        for own in marks
    ):
        doubts.append(OVERLAPS)
    if len(marks) == 1 and _is_far_aside(marks[0], others, height):
        doubts.append(ASIDE)
    gaps = [right.x - left.x - left.width for left, right in pairwise(marks)]
    if gaps and marks[0].cell is None:
        limit = max(MAX_GAP * height, MAX_GAP * float(np.median(gaps)))
        if max(gaps) > limit:
            doubts.append(f"wide gap after digit {gaps.index(max(gaps)) + 1}")
    return doubts


def _is_far_aside(own: Mark, others: list[list[Digit]], height: float) -> bool:
    """Return whether a mark is left or right of all other lines, such as an edge."""
    marks = [digit.mark for line in others for digit in line]
    if not marks:
        return False
    left, right = min(m.x for m in marks), max(m.x + m.width for m in marks)
    return own.x + own.width < left - height or own.x > right + height


def _area(mark: Mark) -> int:
    return mark.width * mark.height


def _is_inside(own: Mark, mark: Mark) -> bool:
    """Return whether the centre of a digit is in the box of a mark."""
    x, y = own.x + own.width / 2, own.y + own.height / 2
    return mark.x <= x <= mark.x + mark.width and mark.y <= y <= mark.y + mark.height


def _is_beside(mark: Mark, own: Mark, distance: float) -> bool:
    gap = max(mark.x, own.x) - min(mark.x + mark.width, own.x + own.width)
    shared = min(mark.y + mark.height, own.y + own.height) - max(mark.y, own.y)
    min_shared = MIN_SHARED_ROWS * min(mark.height, own.height)
    return gap <= distance and shared >= min_shared


def _doubt_all(lines: list[Line]) -> list[Line]:
    """Put every digit of a page in doubt, most of whose marks are no digits."""
    return [
        replace(
            line,
            digits=[
                replace(digit, doubt=digit.doubt or "among marks that are no digits")
                for digit in line.digits
            ],
        )
        for line in lines
    ]
