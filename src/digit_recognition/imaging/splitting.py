"""What else ink may be: one mark two digits that touch, two marks a broken digit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

from .ink import reduced, resized
from .segmentation import Mark

SEARCHED = 48
"""The longest side, in pixels, on which cuts are looked for."""

PLACES = 3
"""So many places are tried."""

TALL = 0.6
"""Digits that touch are both at least this share of the mark's height."""

FREE = 0.02
"""What a step over paper costs, ink being 1: a cut may go round a stroke."""


def split_candidates(mark: Mark) -> Iterator[tuple[Mark, Mark]]:
    """The mark in two, left and right, cut where there is little ink to cut.

    At most three ways, from the places with the least ink above one another on. A cut
    goes from the top to the foot along the least ink.
    """
    from skimage.graph import route_through_array

    small = reduced(mark.ink, SEARCHED)
    height, width = small.shape
    first, last = round(0.2 * width), round(0.8 * width)
    if last - first < 2:
        return
    profile = ndimage.gaussian_filter1d(small.sum(axis=0), max(1.0, width / 24))
    inside = profile[first:last]
    lowest = ndimage.minimum_filter1d(inside, 5) == inside
    places = first + np.flatnonzero(lowest)
    places = places[np.argsort(profile[places])][:PLACES]
    costs = np.pad(FREE + small, ((1, 1), (0, 0)), constant_values=FREE)
    costs[:, :first] = costs[:, last:] = -1  # no way
    for place in places:
        path, _ = route_through_array(costs, (0, place), (height + 1, place))
        left = np.zeros(small.shape, np.float32)
        for row, column in path:
            if 1 <= row <= height:
                left[row - 1, : column + 1] = 1
        whole = resized(left, mark.ink.shape, Image.Resampling.NEAREST) > 0
        parts = [_part(mark, side) for side in (whole, ~whole)]
        if all(part and part.height >= TALL * mark.height for part in parts):
            yield tuple(parts)


def merge_marks(left: Mark, right: Mark) -> Mark:
    """Both as one mark."""
    x, y = min(left.x, right.x), min(left.y, right.y)
    width = max(left.x + left.width, right.x + right.width) - x
    height = max(left.y + left.height, right.y + right.height) - y
    ink = np.zeros((height, width), np.float32)
    for mark in (left, right):
        box = ink[mark.y - y :, mark.x - x :][: mark.height, : mark.width]
        np.maximum(box, mark.ink, out=box)
    return Mark(x, y, width, height, ink, uneven=left.uneven or right.uneven)


def _part(mark: Mark, side: np.ndarray) -> Mark | None:
    ink = np.where(side, mark.ink, 0)
    rows, columns = np.nonzero(ink > 0.25)
    if not len(rows):
        return None
    top, left = rows.min(), columns.min()
    box = np.s_[top : rows.max() + 1, left : columns.max() + 1]
    height, width = ink[box].shape
    x, y = mark.x + int(left), mark.y + int(top)
    return Mark(x, y, width, height, ink[box], uneven=mark.uneven)
