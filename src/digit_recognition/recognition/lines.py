"""Arrange the digits of a page in lines, and find lines that a person should check.

A mark is an object on a page that may be a digit. A doubt is the reason why a person
should check a digit or a line. A likely digit is a mark whose doubt is neither NO_DIGIT
nor TOO_WIDE. The typical height is the median longest side of all likely digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digit_recognition.imaging.boxes import Box, enclosing
from digit_recognition.imaging.segmentation import Mark, remove_specks, sort_into_lines

MAX_REASONS = 3
"""Maximum number of doubts listed in ``Line.reason``; further doubts are counted."""

NO_DIGIT = "perhaps no digit"
TOO_WIDE = "too wide for one digit"
SPLIT = "cut from touching ink"
LEFT_OUT = "ink beside it was left out"
OVERLAPS = "overlaps another line"
COLLIDE = "digits on top of each other"
ASIDE = "aside from the other numbers"
WIDE_GAP = "wide gap between digits"
SMALL = "smaller than the other digits"

LIKELY = 0.9
"""Minimum confidence of a mark that is not a clear non-digit despite its low detector
logit."""

MIN_SIZE, MAX_SIZE = 0.35, 2.5
"""Range of a digit's height, in typical heights."""

MIN_UNREAD_HEIGHT = 0.5
"""Minimum height of ink outside all marks that may be a digit, in typical heights."""

MIN_STRAY_SIZE, MAX_STRAY_SIZE = 0.6, 1.7
"""Range of the longest side of a doubtful mark that is alone in its line, in typical
heights. Outside this range, the line is not a number."""

MIN_UNLIKELY_SIZE, MAX_UNLIKELY_SIZE = 0.85, 1.4
"""Range of the height of a clear non-digit that is kept in a line of digits, in typical
heights. Such a mark may be a digit of unusual shape. Signs such as + and - have smaller
heights."""

MIN_LIKELY_SIZE = 0.5
"""A digit is in doubt if its longest side is less than this share of the median of its
line. It may be a stray stroke or a comma."""

MAX_REJECTED = 3
"""Maximum total area of the boxes of all rejected marks, as a multiple of the total
area of the digits' boxes. Above this maximum, the whole page is in doubt."""

NEAR = 1.5
"""Maximum horizontal gap between a line and ink beside the line, in typical heights."""

MAX_GAP = 2.5
"""Maximum gap between two digits, as a multiple of the typical height or of the line's
median gap, whichever is larger. A larger gap is wide."""

MAX_SHARED_COLUMNS = 0.7
"""Maximum number of pixel columns that two neighbouring digits share, as a share of the
smaller width. Digits that share more are on top of each other."""

MIN_SHARED_ROWS = 0.25
"""Minimum number of pixel rows that a digit shares with ink beside it, as a share of
the smaller height."""


@dataclass(frozen=True)
class Digit:
    """A mark and the digit that it was read as.

    ``confidence`` is in 0..1. ``doubt`` says why the digit is not accepted; accepted
    digits have an empty ``doubt``. ``digit_logit`` is the logit of the detector, which
    tells digits from non-digits: the higher, the more likely a digit.
    """

    mark: Mark
    digit: int
    confidence: float
    doubt: str
    digit_logit: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right.

    ``doubts`` say why the line as a whole may be wrong, for example because ink was
    left out.
    """

    digits: list[Digit]
    doubts: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The digits as text."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The product of the digits' confidences, 0..1.

        It is the probability that all digits are right if errors are independent.
        """
        return float(np.prod([digit.confidence for digit in self.digits]))

    @property
    def reason(self) -> str:
        """Why a person should check the number; empty if the number is accepted."""
        doubts = [*self.doubts] + [
            f"digit {place}: {digit.doubt}" if len(self.digits) > 1 else digit.doubt
            for place, digit in enumerate(self.digits, start=1)
            if digit.doubt
        ]
        others = len(doubts) - MAX_REASONS
        reason = "; ".join(doubts[:MAX_REASONS])
        return f"{reason}; and {others} more" if others > 0 else reason


def arrange_in_lines(
    digits: Sequence[Digit], unread: Sequence[Box], non_digit_threshold: float
) -> list[Line]:
    """Return the lines of a page from top to bottom.

    ``digits`` are the marks of the page. ``unread`` holds the boxes of ink outside all
    marks. Some marks are rejected, which means that they are in no line:

    - specks;
    - marks of an unlikely height. Fewer heights are likely for clear non-digits, which
      have a detector logit below ``non_digit_threshold`` and a confidence below LIKELY;
    - marks of stray lines (see ``_is_stray``), unless all lines are stray.

    A line is in doubt in these cases:

    - A rejected mark, or unread ink that may be a digit, is beside the line.
    - A large rejected mark encloses one of its digits.
    - It overlaps another line, or is a single digit aside from all other lines.
    - It has a wide gap, or two digits on top of each other.

    All digits of the page are in doubt if the page has more non-digits and unread ink
    than digits, or if the rejected marks cover much more area than the digits
    (MAX_REJECTED). If the page has no likely digit, only specks are rejected, and all
    other marks are in doubt.
    """
    sure = [d.mark.box for d in digits if d.doubt not in (NO_DIGIT, TOO_WIDE)]
    if not sure:
        return _doubt_all([Line(line) for line in _sort(digits)])
    height = float(np.median([box.longest for box in sure]))
    placed = [d for d in digits if _may_be_digit(d, height, non_digit_threshold)]
    numbers = [
        line
        for line in _sort(placed)
        if not _is_stray(line, height, non_digit_threshold)
    ]
    numbers = numbers or _sort(placed)
    in_numbers = {id(digit) for line in numbers for digit in line}
    rejected = [digit.mark.box for digit in digits if id(digit) not in in_numbers]
    large_unread = [b for b in unread if b.height >= MIN_UNREAD_HEIGHT * height]
    left_out = [b for b in rejected if b.longest >= MIN_SIZE * height] + large_unread
    left_out = [box for box in left_out if box.height <= MAX_STRAY_SIZE * height]
    drawings = [box for box in rejected if box.height > MAX_STRAY_SIZE * height]
    boxes = [[digit.mark.box for digit in line] for line in numbers]
    lines = []
    for place, (line, own) in enumerate(zip(numbers, boxes, strict=True)):
        others = [box for one in (*boxes[:place], *boxes[place + 1 :]) for box in one]
        doubts = [
            *_doubts_of_ink(own, left_out, drawings, height),
            *_doubts_of_place(own, others, height),
        ]
        if line[0].mark.cell is None and _has_wide_gap(own, height):
            doubts.append(WIDE_GAP)
        if any(_collide(one.mark, other.mark) for one, other in pairwise(line)):
            doubts.append(COLLIDE)
        lines.append(Line(_doubt_small(line), tuple(doubts)))
    large = [d for d in digits if d.mark.height >= MIN_UNREAD_HEIGHT * height]
    non_digits = sum(digit.doubt == NO_DIGIT for digit in large)
    most_is_unread = non_digits + len(large_unread) > len(large) - non_digits
    read_area = sum(box.area for line in boxes for box in line)
    rejected_area = sum(box.area for box in rejected)
    if most_is_unread or rejected_area > MAX_REJECTED * read_area:
        return _doubt_all(lines)
    return lines


def _sort(digits: Sequence[Digit]) -> list[list[Digit]]:
    by_mark = {id(digit.mark): digit for digit in digits}
    lines = sort_into_lines(remove_specks([digit.mark for digit in digits]))
    return [[by_mark[id(mark)] for mark in line] for line in lines]


def _may_be_digit(digit: Digit, height: float, non_digit_threshold: float) -> bool:
    """Return whether a mark may be in a line, given its height, logit and confidence.

    ``height`` is the typical height in pixels.
    """
    size = digit.mark.height / height
    if digit.doubt != NO_DIGIT:
        return MIN_SIZE <= size <= MAX_SIZE
    if _is_clear_non_digit(digit, non_digit_threshold):
        return MIN_UNLIKELY_SIZE <= size <= MAX_UNLIKELY_SIZE
    return MIN_SIZE <= size <= MAX_STRAY_SIZE


def _doubt_small(line: list[Digit]) -> list[Digit]:
    """Put the digits in doubt that are much smaller than the others in their line."""
    low = MIN_LIKELY_SIZE * np.median([digit.mark.box.longest for digit in line])
    return [
        replace(digit, doubt=SMALL)
        if digit.mark.box.longest < low and not digit.doubt
        else digit
        for digit in line
    ]


def _is_clear_non_digit(digit: Digit, non_digit_threshold: float) -> bool:
    return digit.digit_logit < non_digit_threshold and digit.confidence < LIKELY


def _is_stray(line: list[Digit], height: float, non_digit_threshold: float) -> bool:
    """Return whether a line is stray, which means that it is no number.

    A line is stray in two cases:

    - All of its marks have the doubt NO_DIGIT, and a confidence below LIKELY or a
      detector logit below ``non_digit_threshold``.
    - It is a single doubtful mark with a longest side outside MIN_STRAY_SIZE to
      MAX_STRAY_SIZE. ``height`` is the typical height in pixels.
    """
    if all(
        digit.doubt == NO_DIGIT
        and (digit.confidence < LIKELY or digit.digit_logit < non_digit_threshold)
        for digit in line
    ):
        return True
    if len(line) > 1 or not line[0].doubt:
        return False
    size = line[0].mark.box.longest
    return not MIN_STRAY_SIZE * height <= size <= MAX_STRAY_SIZE * height


def _doubts_of_ink(
    own: list[Box], left_out: list[Box], drawings: list[Box], height: float
) -> Iterator[str]:
    """Yield a doubt if ink near the line was not read as a digit.

    ``own`` holds the boxes of the line's digits. ``left_out`` holds the boxes of ink
    that has the size of a digit. ``drawings`` holds the boxes of rejected marks that
    are too high for a digit. The line is in doubt if a box of ``left_out`` is beside
    the line, or if a box of ``drawings`` contains the centre of one of its digits.
    """
    if _are_beside(own, left_out, NEAR * height) or any(
        drawing.left <= (box.left + box.right) / 2 <= drawing.right
        and drawing.top <= (box.top + box.bottom) / 2 <= drawing.bottom
        for drawing in drawings
        for box in own
    ):
        yield LEFT_OUT


def _doubts_of_place(own: list[Box], others: list[Box], height: float) -> Iterator[str]:
    """Yield a doubt if the line overlaps other lines, or if it is a digit aside.

    ``own`` holds the boxes of the line's digits, and ``others`` those of all other
    lines' digits. A single digit is aside if it is more than one typical ``height`` to
    the left or right of all other lines.
    """
    if _are_beside(own, others, NEAR * height):
        yield OVERLAPS
    if len(own) > 1 or not others:
        return
    page = enclosing(others)
    if own[0].right < page.left - height or own[0].left > page.right + height:
        yield ASIDE


def _has_wide_gap(own: list[Box], height: float) -> bool:
    """Return whether a gap between two digits is wide, so that a digit may be missing.

    ``own`` holds the boxes of the line's digits; ``height`` is the typical height.
    """
    gaps = [right.left - left.right for left, right in pairwise(own)]
    return bool(gaps) and max(gaps) > MAX_GAP * max(height, float(np.median(gaps)))


def _collide(one: Mark, other: Mark) -> bool:
    """Return whether two neighbours are in one cell, or share most of their columns.

    Only the cells count if both marks have a cell.
    """
    if one.cell and other.cell:
        return one.cell.box == other.cell.box
    first, second = one.box, other.box
    shared = min(first.right, second.right) - max(first.left, second.left)
    return shared > MAX_SHARED_COLUMNS * min(first.width, second.width)


def _are_beside(own: list[Box], others: list[Box], distance: float) -> bool:
    """Return whether a box of ``own`` is beside a box of ``others``.

    Two boxes are beside each other if they share enough pixel rows (MIN_SHARED_ROWS)
    and if the horizontal gap between them is at most ``distance`` pixels.
    """
    if not own or not others:
        return False
    boxes = np.array(others)
    top, left, bottom, right = enclosing(own)
    gap = np.maximum(boxes[:, 1], left) - np.minimum(boxes[:, 3], right)
    boxes = boxes[(boxes[:, 0] < bottom) & (boxes[:, 2] > top) & (gap <= distance)]
    heights = boxes[:, 2] - boxes[:, 0]
    for box in own:
        low, high = np.maximum(boxes, box)[:, :2], np.minimum(boxes, box)[:, 2:]
        shared, gap = (high - low)[:, 0], (low - high)[:, 1]
        min_shared = MIN_SHARED_ROWS * np.minimum(heights, box.height)
        if ((gap <= distance) & (shared >= min_shared)).any():
            return True
    return False


def _doubt_all(lines: list[Line]) -> list[Line]:
    """Put every digit of a page in doubt, because too much of its ink is no digit."""
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
