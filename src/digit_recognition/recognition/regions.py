"""Choose between two readings of a page, region by region.

A mark is an object on a page that may be a digit. There are several ways to find the
marks of a page. A reading is the list of digits that results from one of these ways.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import REACH
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.recognition.lines import (
    NO_DIGIT,
    PERHAPS_FRAME,
    TOO_WIDE,
    Digit,
)

MIN_OVERLAP = 0.3
"""Two digits are in one region if their boxes overlap by at least this fraction of the
smaller box's area."""

MIN_SAME = 0.5
"""Two readings found the same mark if the intersection over union of the two boxes is
at least this value."""

NON_DIGIT_SCORE = -0.5
"""The score of a mark that is perhaps not a digit (doubt NO_DIGIT), or too wide to be
one (doubt TOO_WIDE). The score of any other mark is its confidence."""


def away_from_sides(marks: list[Mark], page: tuple[int, ...]) -> list[Mark]:
    """Return the marks that do not touch the sides of the page.

    Marks are objects on a page that may be digits. ``page`` is the shape (height,
    width) of the page. Marks found by ``find_ink_locally`` are least reliable at the
    sides, where pieces of ruled lines and of shadows look like digits.
    """
    return [
        mark
        for mark in marks
        if min(mark.box.top, mark.box.left) > 0
        and mark.box.bottom < page[0]
        and mark.box.right < page[1]
    ]


def choose_by_region(one: list[Digit], other: list[Digit]) -> list[Digit]:
    """Return the digits of the better of two readings in each region of a page.

    There are several ways to find the digits of a page. A reading is the list of digits
    that results from one of these ways. Light, stroke width and ruled lines differ
    within a page, so each of the two readings may be the better one in some places.
    Therefore, the digits are grouped into regions. Digits that overlap
    are in the same region. All digits in the same printed grid of cells, as on a form,
    are also in the same region. For each region, the result has the digits of the
    reading with the higher score there.

    The score of a reading is a sum over its digits in the region. Each digit adds its
    confidence, multiplied by the square root of the area of its box. If a digit has the
    doubt NO_DIGIT or TOO_WIDE, the negative number NON_DIGIT_SCORE replaces its
    confidence.
    """
    digits = [*one, *other]
    if not one or not other:
        return digits
    count, regions = connected_components(_connections(digits))
    from_other = np.arange(len(digits)) >= len(one)
    areas = [digit.mark.box.area for digit in digits]
    scores = np.sqrt(areas) * [_score(digit) for digit in digits]
    totals = np.zeros((2, count))
    np.add.at(totals, (from_other.astype(int), regions), scores)
    present = np.zeros((2, count), bool)
    present[from_other.astype(int), regions] = True
    takes_other = present[1] & (~present[0] | (totals[1] > totals[0]))
    chosen = takes_other[regions] == from_other
    return [digit for digit, is_chosen in zip(digits, chosen, strict=True) if is_chosen]


def doubt_frames(digits: list[Digit], frames: list[Digit]) -> list[Digit]:
    """Put in doubt the digits that, in at least one reading, may be parts of a frame.

    ``frames`` are the digits, from all readings of the page, that have the doubt
    PERHAPS_FRAME. Another reading may have found the same mark without this doubt.
    """
    boxes = [frame.mark.box for frame in frames]
    return [
        replace(digit, doubt=PERHAPS_FRAME)
        if not digit.doubt and any(_is_same(digit.mark.box, box) for box in boxes)
        else digit
        for digit in digits
    ]


def _is_same(one: Box, other: Box) -> bool:
    """Return whether the boxes' intersection over union is at least MIN_SAME."""
    low, high = np.maximum(one, other)[:2], np.minimum(one, other)[2:]
    shared = int(np.clip(high - low, 0, None).prod())
    return shared >= MIN_SAME * (one.area + other.area - shared)


def _connections(digits: list[Digit]) -> coo_array:
    """Return a sparse matrix (n, n) with a nonzero entry for each connected pair.

    Two of the n digits are connected if they overlap (see MIN_OVERLAP). All digits
    whose centre is in the same printed grid of cells, or on its outer lines, are
    connected to the first of them. The regions of the page are the connected
    components.
    """
    boxes = np.array([digit.mark.box for digit in digits])
    areas = np.array([digit.mark.box.area for digit in digits])
    pairs = []
    for number, (box, area) in enumerate(zip(boxes, areas, strict=True)):
        low, high = np.maximum(boxes, box)[:, :2], np.minimum(boxes, box)[:, 2:]
        shared = np.clip(high - low, 0, None).prod(axis=1)
        overlapping = np.flatnonzero(shared >= MIN_OVERLAP * np.minimum(areas, area))
        pairs.append((np.full(len(overlapping), number), overlapping))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for grid in {digit.mark.cell.grid for digit in digits if digit.mark.cell}:
        low, high = np.subtract(grid[:2], REACH), np.add(grid[2:], REACH)
        is_inside = (centres >= low) & (centres <= high)
        inside = np.flatnonzero(is_inside.all(axis=1))
        pairs.append((np.full(len(inside), inside[:1]), inside))
    rows, columns = map(np.concatenate, zip(*pairs, strict=True))
    return coo_array((np.ones(len(rows)), (rows, columns)), (len(digits),) * 2)


def _score(digit: Digit) -> float:
    is_digit = digit.doubt not in (NO_DIGIT, TOO_WIDE)
    return digit.confidence if is_digit else NON_DIGIT_SCORE
