"""Recognize the pieces of a frame that are left at the sides of a picture.

Fields that are cut out of a scanned form often have a piece of their frame at the left
or right side: a vertical line, often broken, from the top to the bottom.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from .ink import EIGHT_CONNECTED
from .page_marks import Mark
from .tight_rows import MAX_TILT, MIN_PAGE_HEIGHT, MIN_SPAN

MAX_DEPTH = 0.1
"""All ink of a line lies within this distance from the side of the picture, as a share
of the picture's width. In narrow pictures, 2 pixels are allowed instead."""

MAX_GAP = 1
"""Each piece of a line begins at most this many pixels from the side."""

MIN_COVERAGE = 0.7
"""Minimum share of the picture's rows in which a line has ink. From its upper to its
lower end, the line is at least MIN_SPAN times as high as the picture."""

MAX_ROW_HEIGHT = 1.5
"""The marks are one row of digits if all of them together are at most this many times
as high as the highest mark. On a page of several rows, a column of 1s at the side may
look like a broken line."""

MIN_BEYOND = 2
"""A line must be longer than the row of digits. So the picture must be at least
MIN_PAGE_HEIGHT times as high as the row, and the line must have ink in at least
MIN_BEYOND pixel rows above the digits and as many below them."""

MAX_THICKENING = 1.5
"""Maximum thickness of a line beside the digits, as a multiple of its median thickness
above and below them. One more pixel is allowed. If a digit touches the line, both
together are thicker."""

MAX_THICKNESS, MAX_LOW = 0.4, 0.5
"""A line may still be a 1 that is higher than the other digits of its number. So it
counts as a part of a frame only in two cases: its mean thickness is at most
MAX_THICKNESS times the median stroke width of the marks, or no mark is higher than
MAX_LOW times the picture. Digits of one number rarely differ that much."""


def cut_frames(unread: np.ndarray, marks: Sequence[Mark]) -> np.ndarray:
    """Return the mask of a frame's lines at the left and right sides, bool (h, w).

    ``unread`` is the mask of the ink outside all ``marks``, bool (h, w). The marks are
    objects that may be digits, doubtful ones included.

    A line that may be a 1 must not be ignored. So there are many conditions: the
    constants of this module and of `tight_rows` list them. If the marks are more than
    one row of digits, the mask is empty.
    """
    found = np.zeros_like(unread)
    depth = max(2, round(MAX_DEPTH * unread.shape[1]))
    sides = (np.s_[:, :depth], np.s_[:, : -depth - 1 : -1])
    if not marks or not any(_is_high(unread[side]) for side in sides):
        return found
    top = min(mark.y for mark in marks)
    bottom = max(mark.y + mark.height for mark in marks)
    highest = max(mark.height for mark in marks)
    row = bottom - top
    if row > MAX_ROW_HEIGHT * highest or len(unread) < MIN_PAGE_HEIGHT * row:
        return found
    labels, _ = ndimage.label(unread, EIGHT_CONNECTED)
    for side in sides:
        near, beyond = labels[side], np.delete(labels, side[1], axis=1)
        numbers = np.setdiff1d(near[:, : MAX_GAP + 1], np.append(beyond, 0))
        line = np.isin(near, numbers)
        if not (_is_high(line) and _is_straight_beside(line, top, bottom)):
            continue
        pen = np.median([mark.stroke for mark in marks])
        is_low = highest <= MAX_LOW * len(unread)
        if is_low or _thickness(line) <= MAX_THICKNESS * pen:
            found[side] |= line
    return found


def _is_high(line: np.ndarray) -> bool:
    """Return whether ink, bool (h, w), reaches from the top to the bottom.

    See MIN_SPAN and MIN_COVERAGE.
    """
    rows = np.flatnonzero(line.any(axis=1))
    return bool(
        rows.size >= MIN_COVERAGE * len(line)
        and np.ptp(rows) + 1 >= MIN_SPAN * len(line)
    )


def _is_straight_beside(line: np.ndarray, top: int, bottom: int) -> bool:
    """Return whether a line is straight beside a row of digits, and longer than it.

    The line is upright beside the digits (see MAX_TILT). Further up and down, it may
    have the round corners of a frame.

    ``line`` is a mask, bool (h, w). The row of digits extends from the pixel row
    ``top`` to the one before ``bottom``.
    """
    above, beside, below = np.split(line, [top, bottom])
    lengths = [np.count_nonzero(part.any(axis=1)) for part in (above, below)]
    if min(lengths) < MIN_BEYOND or not beside.any():
        return False
    widths = line.sum(axis=1)
    typical = np.median(np.append(widths[:top], widths[bottom:]))
    width = np.ptp(np.flatnonzero(beside.any(axis=0))) + 1
    max_width = _thickness(beside) + max(1, MAX_TILT * len(line))
    is_even = widths[top:bottom].max() <= MAX_THICKENING * max(1, typical) + 1
    return bool(is_even and width <= max_width)


def _thickness(line: np.ndarray) -> float:
    """Return the mean number of pixels of a line in the rows in which it has ink."""
    return float(line.sum() / np.count_nonzero(line.any(axis=1)))
