"""Arrange the digits of a page in lines, and find lines that a person should check.

A mark is an object on a page that may be a digit. A doubt is the reason why a person
should check a digit or a line. A likely digit is a mark whose doubt is neither NO_DIGIT
nor TOO_WIDE. The longest side of a digit is its height or its width, whichever is
longer. The typical height of a page's digits is the median of the longest sides (not of
the heights) of all likely digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digit_recognition.imaging.boxes import Box, enclosing
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.imaging.segmentation import remove_specks, sort_into_lines

MAX_REASONS = 3
"""Maximum number of doubts (reasons for a check) that ``Line.reason`` lists. If there
are more, it gives only the number of the others."""

NO_DIGIT = "perhaps no digit"
PERHAPS_FRAME = "perhaps a part of a frame"
TOO_WIDE = "too wide for one digit"
SPLIT = "cut from touching ink"
LEFT_OUT = "ink beside it was left out"
OVERLAPS = "overlaps another line"
COLLIDE = "digits on top of each other"
ASIDE = "aside from the other numbers"
WIDE_GAP = "wide gap between digits"
SMALL = "smaller than the other digits"

LIKELY = 0.9
"""A mark is a clear non-digit if its detector logit is below ``non_digit_threshold``
and its confidence is below this value."""

MIN_SIZE, MAX_SIZE = 0.35, 2.5
"""Range of a digit's height. The unit is the typical height of the page's digits."""

MIN_UNREAD_HEIGHT = 0.5
"""Ink that is in none of the marks may be a digit that was missed. It is taken for one
if its height is at least this multiple of the typical height of the page's digits."""

MIN_STRAY_SIZE, MAX_STRAY_SIZE = 0.6, 1.7
"""A line that consists of one doubtful mark is a number only if the mark's longest side
is in this range. The unit is the typical height of the page's digits."""

MIN_UNLIKELY_SIZE, MAX_UNLIKELY_SIZE = 0.85, 1.4
"""Range of heights in which even a clear non-digit (see LIKELY) is kept in its line,
because the detector may be wrong about a digit of unusual shape. Signs such as + and -
have smaller heights. The unit is the typical height of the page's digits."""

MAX_ONE_ASPECT, MAX_ONES = 0.5, 2
"""Ink that was not read may be a tall 1 if its height is from MAX_STRAY_SIZE to
MAX_SIZE, and its aspect (width divided by height) is at most MAX_ONE_ASPECT. If more
than MAX_ONES such pieces are beside a line, they are taken for the lines between the
boxes of a form."""

MIN_LIKELY_SIZE = 0.5
"""A digit is in doubt if its longest side is less than this share of the median longest
side in its line. Such a digit may be a stray stroke or a comma."""

MAX_REJECTED = 3
"""Maximum total area of the boxes of all rejected marks, divided by the total area of
the digits' boxes. Above this maximum, all digits of the page are in doubt. A rejected
mark is in no line."""

NEAR = 1.5
"""Ink is beside a line only if the horizontal gap between the two is at most this
multiple of the typical height of the page's digits. The two must also have enough pixel
rows in common (see MIN_SHARED_ROWS)."""

MAX_GAP = 2.5
"""A gap between two digits of a line is wide if it exceeds two limits: this multiple of
the typical height of the page's digits, and this multiple of the line's median gap."""

MAX_SHARED_COLUMNS = 0.7
"""Two neighbouring digits are on top of each other if they have more than this fraction
of the narrower digit's pixel columns in common."""

MIN_SHARED_ROWS = 0.25
"""Two boxes are beside each other only if they have enough pixel rows in common: at
least this fraction of the smaller height."""


@dataclass(frozen=True)
class Digit:
    """A mark (an object on a page that may be a digit), and the digit read from it.

    - ``confidence``: the model's confidence, 0..1, that ``digit`` is right.
    - ``doubt``: why the digit is not accepted. It is empty if the digit is accepted.
    - ``digit_logit``: the logit of the detector, which tells digits from non-digits.
      The higher it is, the more likely the mark is a digit.
    """

    mark: Mark
    digit: int
    confidence: float
    doubt: str
    digit_logit: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line of digits, from left to right.

    ``doubts`` lists reasons why the line as a whole may be wrong, for example that ink
    beside the line was not read as a digit.
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

        If errors are independent, it is the probability that all digits are right.
        """
        return float(np.prod([digit.confidence for digit in self.digits]))

    @property
    def reason(self) -> str:
        """Why a person should check the number, or "" if the number is accepted."""
        doubts = [*self.doubts] + [
            f"digit {place}: {digit.doubt}" if len(self.digits) > 1 else digit.doubt
            for place, digit in enumerate(self.digits, start=1)
            if digit.doubt
        ]
        others = len(doubts) - MAX_REASONS
        reason = "; ".join(doubts[:MAX_REASONS])
        return f"{reason}; and {others} more" if others > 0 else reason


def arrange_in_lines(
    digits: Sequence[Digit],
    unread: Sequence[Box],
    non_digit_threshold: float,
    lowest_logit: float = -np.inf,
) -> list[Line]:
    """Return the lines of a page from top to bottom.

    ``digits`` are the marks of the page, which are objects that may be digits.
    ``unread`` holds the boxes of the ink outside all marks. Some marks are rejected,
    which means that they are in no line:

    - specks;
    - marks whose height is unlikely for a digit (see ``_may_be_digit``);
    - marks with a detector logit below ``lowest_logit``, such as signs of arithmetic;
    - marks of stray lines, which do not show a number (see ``_is_stray``). If all
      lines are stray, these marks are not rejected.

    Clear non-digits have a narrower range of allowed heights. A mark is a clear
    non-digit if its detector logit is below ``non_digit_threshold`` and its confidence
    is below LIKELY.

    A line is in doubt, which means that a person should check it, in these cases:

    - A rejected mark, or unread ink that may be a digit, is beside the line.
    - A large rejected mark encloses the centre of a digit of the line.
    - The line overlaps another line.
    - The line is a single digit to the left or right of all other lines, with a gap
      of more than a digit's height.
    - The line has a wide gap between two digits.
    - Two neighbouring digits of the line share more pixel columns than
      MAX_SHARED_COLUMNS allows, or are in the same cell of a form.

    All digits of the page are in doubt in these cases:

    - There are more non-digits and pieces of unread ink (counted together) than digits.
    - The rejected marks cover much more area than the digits (see MAX_REJECTED).
    - All marks have the doubt NO_DIGIT or TOO_WIDE. In this case, only specks are
      rejected.
    """
    sure = [d.mark.box for d in digits if d.doubt not in (NO_DIGIT, TOO_WIDE)]
    if not sure:
        return _doubt_all([Line(line) for line in _sort(digits)])
    height = float(np.median([box.longest for box in sure]))
    placed = [
        digit
        for digit in digits
        if digit.digit_logit >= lowest_logit
        and _may_be_digit(digit, height, non_digit_threshold)
    ]
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
    low, high = MAX_STRAY_SIZE * height, MAX_SIZE * height
    tall = [
        box
        for box in [*unread, *rejected]
        if low < box.height <= high and box.width <= MAX_ONE_ASPECT * box.height
    ]
    drawings = [box for box in rejected if box.height > MAX_STRAY_SIZE * height]
    boxes = [[digit.mark.box for digit in line] for line in numbers]
    lines = []
    for place, (line, own) in enumerate(zip(numbers, boxes, strict=True)):
        others = [box for one in (*boxes[:place], *boxes[place + 1 :]) for box in one]
        doubts = [
            *_doubts_of_ink(own, left_out, tall, drawings, height),
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
    """Return whether a mark may be in a line, given its height, doubt and logit.

    ``height`` is the typical height of the page's digits, in pixels.
    """
    size = digit.mark.height / height
    if digit.doubt != NO_DIGIT:
        return MIN_SIZE <= size <= MAX_SIZE
    if _is_clear_non_digit(digit, non_digit_threshold):
        return MIN_UNLIKELY_SIZE <= size <= MAX_UNLIKELY_SIZE
    return MIN_SIZE <= size <= MAX_STRAY_SIZE


def _doubt_small(line: list[Digit]) -> list[Digit]:
    """Put digits in doubt if they are much smaller than the others in their line."""
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

    - All of its marks have the doubt NO_DIGIT. In addition, each mark has a low
      confidence (below LIKELY) or a low detector logit (below ``non_digit_threshold``).
    - It is a single doubtful mark that is too small or too large for a digit: its
      longest side is outside the range MIN_STRAY_SIZE to MAX_STRAY_SIZE.

    ``height`` is the typical height of the page's digits, in pixels.
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
    own: list[Box],
    left_out: list[Box],
    tall: list[Box],
    drawings: list[Box],
    height: float,
) -> Iterator[str]:
    """Yield a doubt if ink near the line was not read as a digit.

    The line is in doubt if a box of ``left_out`` or a few boxes of ``tall`` are beside
    the line (see MAX_ONES), or if a box of ``drawings`` contains the centre of one of
    the line's digits. The arguments are:

    - ``own``: the boxes of the line's digits;
    - ``left_out``: the boxes of ink that has the size of a digit;
    - ``tall``: the boxes of ink that may be a tall 1;
    - ``drawings``: the boxes of rejected marks that are too tall for a digit;
    - ``height``: the typical height of the page's digits, in pixels.
    """
    if (
        _count_beside(own, left_out, NEAR * height)
        or 0 < _count_beside(own, tall, NEAR * height) <= MAX_ONES
        or any(
            drawing.left <= (box.left + box.right) / 2 <= drawing.right
            and drawing.top <= (box.top + box.bottom) / 2 <= drawing.bottom
            for drawing in drawings
            for box in own
        )
    ):
        yield LEFT_OUT


def _doubts_of_place(own: list[Box], others: list[Box], height: float) -> Iterator[str]:
    """Yield a doubt if the line overlaps other lines or stands aside from them.

    A line stands aside if it is a single digit that is more than ``height`` pixels to
    the left or right of all other lines. ``height`` is the typical height of the page's
    digits. ``own`` holds the boxes of the line's digits. ``others`` holds the boxes of
    the digits in all other lines.
    """
    if _count_beside(own, others, NEAR * height):
        yield OVERLAPS
    if len(own) > 1 or not others:
        return
    page = enclosing(others)
    if own[0].right < page.left - height or own[0].left > page.right + height:
        yield ASIDE


def _has_wide_gap(own: list[Box], height: float) -> bool:
    """Return whether a gap between two digits is so wide that a digit may be missing.

    ``own`` holds the boxes of the line's digits. ``height`` is the typical height of
    the page's digits, in pixels. See MAX_GAP.
    """
    gaps = [right.left - left.right for left, right in pairwise(own)]
    return bool(gaps) and max(gaps) > MAX_GAP * max(height, float(np.median(gaps)))


def _collide(one: Mark, other: Mark) -> bool:
    """Return whether two neighbouring marks are on top of each other.

    If both marks are written in cells of a form, this is True if they are in the same
    cell. Otherwise, it is True if they have more than the fraction MAX_SHARED_COLUMNS
    of the narrower mark's pixel columns in common.
    """
    if one.cell and other.cell:
        return one.cell.box == other.cell.box
    first, second = one.box, other.box
    shared = min(first.right, second.right) - max(first.left, second.left)
    return shared > MAX_SHARED_COLUMNS * min(first.width, second.width)


def _count_beside(own: list[Box], others: list[Box], distance: float) -> int:
    """Return how many boxes of ``others`` are beside a box of ``own``.

    Two boxes are beside each other if they share enough pixel rows (MIN_SHARED_ROWS)
    and if the horizontal gap between them is at most ``distance`` pixels.
    """
    if not own or not others:
        return 0
    boxes = np.array(others)
    top, left, bottom, right = enclosing(own)
    gap = np.maximum(boxes[:, 1], left) - np.minimum(boxes[:, 3], right)
    boxes = boxes[(boxes[:, 0] < bottom) & (boxes[:, 2] > top) & (gap <= distance)]
    heights = boxes[:, 2] - boxes[:, 0]
    is_beside = np.zeros(len(boxes), bool)
    for box in own:
        low, high = np.maximum(boxes, box)[:, :2], np.minimum(boxes, box)[:, 2:]
        shared, gap = (high - low)[:, 0], (low - high)[:, 1]
        min_shared = MIN_SHARED_ROWS * np.minimum(heights, box.height)
        is_beside |= (gap <= distance) & (shared >= min_shared)
    return int(is_beside.sum())


def _doubt_all(lines: list[Line]) -> list[Line]:
    """Put all digits of a page in doubt, because too much on it is no digit."""
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
