"""Split marks that hold two touching digits, and merge the parts of broken digits.

A mark is an object on a page that may be a digit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

from .ink import reduced, resized
from .page_marks import Mark

SEARCH_HEIGHT = 32
"""Cuts are searched for in a reduced image of the mark. This is the maximum height of
that image, in pixels."""

MAX_CUTS = 5
"""Maximum number of cuts that are tried to split one mark."""

MIN_CUT_DISTANCE = 2
"""Minimum mean distance between two cuts, in pixels of the reduced mark."""

MIN_PART_WIDTH = 0.15
"""Minimum distance between a cut and the left and right sides of the mark, as a share
of the mark's height."""

MIN_PART_HEIGHT = 0.6
"""Minimum height of each of the two parts of a split mark, as a share of the mark's
height."""

MAX_SHARED_WIDTH = 0.5
"""Maximum number of pixel columns that the two parts of a split mark have in common, as
a share of the narrower part's width. Parts that have more in common are pieces of one
digit."""

MIN_SHARED_WIDTH = 0.1
"""Two parts may have this number of pixel columns in common even if MAX_SHARED_WIDTH
allows fewer. It is a share of the mark's height. Without this rule, a narrow part such
as a 1 could not be cut off."""

PAPER_COST = 0.02
"""Cost of a pixel of paper on a cut's path. A pixel of full ink costs 1 more, so that
the path goes round strokes where it can."""


HOLE_COST = 0.25
"""Additional cost of a pixel on a cut's path if the pixel is in a hole, such as the
inside of a 0. This cost keeps most cuts out of holes."""

MIN_WALL = 0.4
"""A hole, such as the inside of a 0, is enclosed by pixels whose ink density (0..1) is
above this value."""


def split_candidates(mark: Mark) -> Iterator[tuple[Mark, Mark]]:
    """Yield up to five ways to split a mark into a left and a right part.

    The mark is cut along a path from top to bottom that crosses as little ink as
    possible. From row to row, the path moves at most one pixel to the side. (Avidan and
    Shamir 2007, "Seam carving for content-aware image resizing", call such a path a
    seam.) The cut that crosses the least ink comes first.

    >>> for left, right in split_candidates(mark):
    ...     print(left.width, right.width)
    """
    small = reduced(mark.ink, round(SEARCH_HEIGHT * max(1, mark.width / mark.height)))
    holes = ndimage.binary_fill_holes(small > MIN_WALL) & (small <= MIN_WALL)
    costs = PAPER_COST + small + HOLE_COST * holes
    above, below = _path_costs(costs), _path_costs(costs[::-1])[::-1]
    middle, width = len(costs) // 2, costs.shape[1]
    margin = max(1, round(MIN_PART_WIDTH * len(costs)))
    totals = (above + below - costs)[middle]
    upwards, downwards = _follow(above[: middle + 1][::-1]), _follow(below[middle:])
    cuts = np.concatenate([upwards[:0:-1], downwards])  # (h, w), one cut per column
    is_new = np.ones(width, bool)
    count = 0
    for column in margin + np.argsort(totals[margin : width - margin]):
        if not is_new[column]:
            continue
        if count == MAX_CUTS:
            return
        count += 1
        cut = cuts[:, column]
        is_new &= np.abs(cuts - cut[:, None]).mean(axis=0) >= MIN_CUT_DISTANCE
        left = np.arange(width) <= cut[:, None]
        is_left = (
            resized(left.astype(np.float32), mark.ink.shape, Image.Resampling.NEAREST)
            > 0
        )
        one, other = _crop_part(mark, is_left), _crop_part(mark, ~is_left)
        min_height = MIN_PART_HEIGHT * mark.height
        if not one or not other or min(one.height, other.height) < min_height:
            continue
        shared = one.x + one.width - other.x
        if shared <= max(
            MAX_SHARED_WIDTH * min(one.width, other.width),
            MIN_SHARED_WIDTH * mark.height,
        ):
            yield one, other


def _path_costs(costs: np.ndarray) -> np.ndarray:
    """Return the cost of the cheapest path from the top row to each pixel, (h, w)."""
    totals = costs.copy()
    for row in range(1, len(costs)):
        totals[row] += ndimage.minimum_filter1d(totals[row - 1], 3, mode="nearest")
    return totals


def _follow(totals: np.ndarray) -> np.ndarray:
    """Return the cheapest paths from the first row to the last row, int (h, w).

    Column c of the result is the path that starts in column c of the first row. Its
    element r is the column in which the path crosses row r. ``totals`` (h, w) holds the
    cost of the cheapest path from each pixel to the last row.
    """
    columns = np.arange(totals.shape[1])
    paths = [columns]
    for row in np.pad(totals, ((0, 0), (1, 1)), constant_values=np.inf)[1:]:
        below = np.stack([row[columns], row[columns + 1], row[columns + 2]])
        columns = columns - 1 + below.argmin(axis=0)
        paths.append(columns)
    return np.array(paths)


def merge_marks(left: Mark, right: Mark) -> Mark:
    """Return one mark with the ink of both marks."""
    x, y = min(left.x, right.x), min(left.y, right.y)
    width = max(left.x + left.width, right.x + right.width) - x
    height = max(left.y + left.height, right.y + right.height) - y
    ink = np.zeros((height, width), np.float32)
    for mark in (left, right):
        box = ink[mark.y - y :, mark.x - x :][: mark.height, : mark.width]
        np.maximum(box, mark.ink, out=box)
    return Mark(
        x,
        y,
        width,
        height,
        ink,
        unwritten=left.unwritten or right.unwritten,
        perhaps_frame=left.perhaps_frame or right.perhaps_frame,
    )


def _crop_part(mark: Mark, side: np.ndarray) -> Mark | None:
    """Return the part of a mark where ``side`` is True; None if the part has no ink.

    ``side`` is a mask of the mark's box, bool (height, width).
    """
    ink = np.where(side, mark.ink, 0)
    rows, columns = np.nonzero(ink > 0.25)
    if not len(rows):
        return None
    top, left = rows.min(), columns.min()
    box = np.s_[top : rows.max() + 1, left : columns.max() + 1]
    height, width = ink[box].shape
    x, y = mark.x + int(left), mark.y + int(top)
    return Mark(
        x,
        y,
        width,
        height,
        ink[box],
        unwritten=mark.unwritten,
        perhaps_frame=mark.perhaps_frame,
    )
