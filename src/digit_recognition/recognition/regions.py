"""Choose between two readings of a page, region by region."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from digit_recognition.recognition.lines import NO_DIGIT, TOO_WIDE, Digit

MIN_OVERLAP = 0.3
"""Digits are in one region if they share this part of the smaller box."""

NON_DIGIT_SCORE = -0.5
"""Score of a mark that is no digit; that of a digit is its confidence."""


def choose_by_region(one: list[Digit], other: list[Digit]) -> list[Digit]:
    """Return the better digits of two readings of a page.

    Light, stroke width and rulings differ within a page, so each reading may be the
    better one somewhere. Digits that overlap form a region,
    and so do all digits in a grid. The reading of a region
    with the higher score is taken: the sum of the digits' confidences, weighted by the
    square roots of their areas, less a penalty for marks that are no digits.
    """
    digits = [*one, *other]
    if not one or not other:
        return digits
    boxes = np.array([_box(digit) for digit in digits])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    overlaps = shared >= MIN_OVERLAP * np.minimum(areas[:, None], areas)
    together = overlaps.copy()
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for grid in {digit.mark.cell.grid for digit in digits if digit.mark.cell}:
        corners = (grid.left, grid.top), (grid.right, grid.bottom)
        inside = ((centres >= corners[0]) & (centres <= corners[1])).all(axis=1)
        together[np.ix_(inside, inside)] = True
    count, regions = connected_components(together)
    from_other = np.arange(len(digits)) >= len(one)
    scores = np.sqrt(areas) * [_score(digit) for digit in digits]
    totals = np.zeros((2, count))
    np.add.at(totals, (from_other.astype(int), regions), scores)
    present = np.zeros((2, count), bool)
    present[from_other.astype(int), regions] = True
    takes_other = present[1] & (~present[0] | (totals[1] > totals[0]))
    chosen = takes_other[regions] == from_other
    return [digit for digit, is_chosen in zip(digits, chosen, strict=True) if is_chosen]


def _box(digit: Digit) -> tuple[int, int, int, int]:
    mark = digit.mark
    return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height


def _score(digit: Digit) -> float:
    is_digit = digit.doubt not in (NO_DIGIT, TOO_WIDE)
    return digit.confidence if is_digit else NON_DIGIT_SCORE
