"""Split marks that hold two touching digits, and merge the parts of broken digits.

A mark is an object on a page that may be a digit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

from .ink import reduced, resized
from .segmentation import Mark

SEARCH_SIDE = 48
"""Longest side, in pixels, of the reduced mark on which cuts are searched."""

MAX_CUTS = 3
"""Maximum number of cuts that are tried for one mark."""

MIN_PART_HEIGHT = 0.6
"""Minimum height of each of the two parts, as a share of the mark's height."""

PAPER_COST = 0.02
"""Cost of a pixel of paper on a cut's path. A pixel of full ink costs 1 more, so that
the path goes round strokes where it can."""


def split_candidates(mark: Mark) -> Iterator[tuple[Mark, Mark]]:
    """Yield up to three ways to split a mark into a left and a right part.

    Each cut starts and ends in the same column, one with little ink. In between, it
    runs from top to bottom along the path with the least ink. The cut whose column has
    the least ink comes first.

    >>> for left, right in split_candidates(mark):
    ...     print(left.width, right.width)
    """
    from skimage.graph import route_through_array

    small = reduced(mark.ink, SEARCH_SIDE)
    height, width = small.shape
    first, last = round(0.2 * width), round(0.8 * width)
    if last - first < 2:
        return
    profile = ndimage.gaussian_filter1d(small.sum(axis=0), max(1.0, width / 24))
    inside = profile[first:last]
    is_minimum = ndimage.minimum_filter1d(inside, 5) == inside
    columns = first + np.flatnonzero(is_minimum)
    columns = columns[np.argsort(profile[columns])][:MAX_CUTS]
    costs = np.pad(PAPER_COST + small, ((1, 1), (0, 0)), constant_values=PAPER_COST)
    costs[:, :first] = costs[:, last:] = -1  # negative costs are impassable
    for start in columns:
        path, _ = route_through_array(costs, (0, start), (height + 1, start))
        left = np.zeros(small.shape, np.float32)
        for row, column in path:
            if 1 <= row <= height:
                left[row - 1, : column + 1] = 1
        is_left = resized(left, mark.ink.shape, Image.Resampling.NEAREST) > 0
        one, other = _crop_part(mark, is_left), _crop_part(mark, ~is_left)
        min_height = MIN_PART_HEIGHT * mark.height
        if one and other and min(one.height, other.height) >= min_height:
            yield one, other


def merge_marks(left: Mark, right: Mark) -> Mark:
    """Return one mark with the ink of both marks."""
    x, y = min(left.x, right.x), min(left.y, right.y)
    width = max(left.x + left.width, right.x + right.width) - x
    height = max(left.y + left.height, right.y + right.height) - y
    ink = np.zeros((height, width), np.float32)
    for mark in (left, right):
        box = ink[mark.y - y :, mark.x - x :][: mark.height, : mark.width]
        np.maximum(box, mark.ink, out=box)
    return Mark(x, y, width, height, ink, uneven=left.uneven or right.uneven)


def _crop_part(mark: Mark, side: np.ndarray) -> Mark | None:
    """Return the part of a mark where ``side`` is true; None if the part has no ink."""
    ink = np.where(side, mark.ink, 0)
    rows, columns = np.nonzero(ink > 0.25)
    if not len(rows):
        return None
    top, left = rows.min(), columns.min()
    box = np.s_[top : rows.max() + 1, left : columns.max() + 1]
    height, width = ink[box].shape
    x, y = mark.x + int(left), mark.y + int(top)
    return Mark(x, y, width, height, ink[box], uneven=mark.uneven)
