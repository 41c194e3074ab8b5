"""Find digits at the sides of a picture that was cut out tightly around a number.

In such a picture, a 1 may be as high as the picture, just like rulings and the lines
of frames. The first and the last digit may lie along the sides, just like the borders
of scans.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .boxes import Box
from .ink import EIGHT_CONNECTED, Ink, stroke_width

MIN_ROW = 0.6
"""A picture is a tight row of digits if its highest stroke is at least this many times
as high as the picture. Strokes that may be digits must be at least this high, too."""

MAX_ASPECT = 1.2
"""Maximum aspect (width divided by height) of a digit."""

MIN_STROKE, MAX_STROKE = 0.5, 2.0
"""Minimum of the mean thickness of a digit, and maximum of its stroke width, as
multiples of the picture's stroke width. The lines of frames are often thinner, and the
borders of scans wider."""

MAX_KEPT = 0.5
"""A stroke counts as removed if ink was kept in at most this share of its rows."""

MAX_INNER = 0.3
"""A stroke is a frame if the other ink in its bounding box has more than this share of
its own area."""

MAX_LINES = 2
"""If more strokes than this may be digits, they are taken for the lines between the
boxes of a form."""

MIN_PAGE_HEIGHT, MIN_SPAN, MAX_TILT = 1.15, 0.95, 0.03
"""A stroke is more likely a printed line than a 1 if all of these hold:

- The picture is at least MIN_PAGE_HEIGHT times as high as its highest other stroke.
- The stroke is at least MIN_SPAN times as high as the picture.
- The stroke is straight and upright: its bounding box is wider than its mean thickness
  by at most MAX_TILT times its height, or by one pixel.
"""


def possible_digits(ink: Ink, strokes: np.ndarray, removed: np.ndarray) -> np.ndarray:
    """Return the removed strokes of a tight row that may be digits.

    ``strokes`` is the mask of the page's strokes without frames, borders of scans and
    rulings. ``removed`` is the mask of the removed ink. All masks are bool (h, w). The
    result is empty if the page is not a tight row of digits, or if more than MAX_LINES
    strokes may be digits.
    """
    found = np.zeros(strokes.shape, bool)
    min_rows = MIN_ROW * (1 - MAX_KEPT) * len(strokes)
    if np.count_nonzero(removed.any(axis=1)) < min_rows:
        return found
    kept = ndimage.find_objects(ndimage.label(strokes, EIGHT_CONNECTED)[0])
    row = max((rows.stop - rows.start for rows, _ in kept), default=0)
    if row < MIN_ROW * len(strokes):
        return found
    stroke = stroke_width(strokes)
    labels, _ = ndimage.label(ink.strokes(ink.traces), EIGHT_CONNECTED)
    count = 0
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        box = Box.of_slices(part)
        if box.height < MIN_ROW * len(strokes):
            continue
        own = labels[part] == number
        area = int(own.sum())
        kept_rows = (own & strokes[part]).any(axis=1).sum()
        inner = np.count_nonzero(labels[part]) - area
        if (
            kept_rows <= MAX_KEPT * box.height
            and inner <= MAX_INNER * area
            and may_be_in_tight_row(box, area, strokes.shape, row, stroke)
            and stroke_width(own) <= MAX_STROKE * stroke
        ):
            found[part] |= own
            count += 1
    return found if count <= MAX_LINES else np.zeros_like(found)


def may_be_in_tight_row(
    box: Box, area: int, shape: tuple[int, ...], row: int, stroke: float
) -> bool:
    """Return whether a stroke may be a digit of a tight row.

    ``box`` and ``area`` are the bounding box of the stroke and its number of pixels.
    ``row`` is the height of the row: the height of its highest stroke except this one.
    ``stroke`` is the page's stroke width. All are in pixels. ``shape`` is the shape
    (h, w) of the page.
    """
    return (
        not is_printed_line(box, area, shape, row)
        and min(row, box.height) >= MIN_ROW * shape[0]
        and box.width <= MAX_ASPECT * box.height
        and area / box.height >= MIN_STROKE * stroke
    )


def is_printed_line(box: Box, area: int, shape: tuple[int, ...], row: int) -> bool:
    """Return whether a stroke is more likely a printed line than a 1.

    See MIN_PAGE_HEIGHT for the rule, and ``may_be_in_tight_row`` for the arguments.
    """
    return (
        shape[0] >= MIN_PAGE_HEIGHT * row
        and box.height >= MIN_SPAN * shape[0]
        and box.width - area / box.height <= max(1, MAX_TILT * box.height)
    )
