"""Remove what was not written: rulings, frames and the dark borders of scans.

A ruling is a thin line across the whole page, as on lined paper.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .ink import EIGHT_CONNECTED

MIN_RUN = 0.15
"""Minimum length of a straight piece of a ruling (a line across the page). It is a
share of the page's width, or of the height for vertical rulings."""

MIN_RUN_COVERAGE = 0.8
"""A straight piece of a ruling has ink on at least this share of its length. The share
is below 1 because noise breaks faint lines."""

MAX_END_GAP = 0.02
"""Maximum gap between an end of a ruling (a line across the page) and the page's side.
It is a share of the page's width, or of the height for vertical rulings."""

MIN_BORDER_CONTACT = 0.4
"""A component that touches at least this share of a side of the page is taken for the
dark border of a scan."""

MAX_STRIP_DEPTH = 0.4
"""Maximum depth of a dark strip along a whole side of the page, as a share of the
page's height or width. If the ink of a page is one component in such strips, it is
taken for the dark border of a scan."""

MAX_BORDER_CONTACTS = 6
"""A component that fills the page is taken for a digit only if it touches the sides of
its bounding box in at most this many places. The lines of squared paper touch them in
more places."""

MIN_RULINGS = 4
"""A component is taken for squared paper if it has at least this many lines in each of
the two directions."""

SAMPLED_ROWS = 9
"""Number of pixel rows, and of pixel columns, in which the lines of squared paper are
counted."""

MIN_FRAME_COVERAGE = 0.75
"""Minimum share of each side of a frame's bounding box that the frame covers."""


def without_rulings(mask: np.ndarray, density: np.ndarray, stroke: float) -> np.ndarray:
    """Return the mask, bool (h, w), without horizontal and vertical rulings.

    ``density`` is the density of the ink, float32 (h, w). ``stroke`` is the stroke
    width in pixels.

    Rulings are thin lines across the whole page. Strokes that cross a ruling stay
    whole. If a single connected component fills the page, the page is taken for a
    picture of one digit without a margin, and the mask is returned unchanged.
    """
    if _fills_page(mask):
        return mask
    horizontal, across = _horizontal_rulings(mask, density, stroke)
    vertical, down = _horizontal_rulings(mask.T, density.T, stroke)
    if not (horizontal.any() or vertical.any()):
        return mask
    left = mask & ~horizontal & ~vertical.T
    # Where two rulings cross, neither is thin, so that a spot of ink is left. The spot
    # is removed unless it is part of a stroke, which has ink beside the crossing.
    labels, count = ndimage.label(left, EIGHT_CONNECTED)
    has_more = np.zeros(count + 1, bool)
    has_more[labels[left & ~(across & down.T)]] = True
    return left & has_more[labels]


def _horizontal_rulings(
    mask: np.ndarray, density: np.ndarray, stroke: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the masks of the horizontal rulings and of their bands, bool (h, w).

    A ruling is a thin line across the page. The band of a ruling is the ruling together
    with the parts of crossing strokes that are about as light as the ruling.
    """
    rulings, bands = np.zeros_like(mask), np.zeros_like(mask)
    width = mask.shape[1]
    end_gap = MAX_END_GAP * width
    reach = int(end_gap) + 1
    # A ruling reaches both sides. This test saves a fifth of the time that it takes to
    # read a drawn page of 640x320 pixels.
    is_possible = mask[:, :reach].any() and mask[:, -reach:].any()
    if width < 3 * stroke or not is_possible:
        return rulings, bands
    run = max(8, round(MIN_RUN * width))
    tilt = 1 + 2 * max(1, round(0.02 * run))
    thick = ndimage.maximum_filter1d(mask.view(np.uint8), tilt, axis=0)
    coverage = ndimage.uniform_filter1d(thick.astype(np.float32), run, axis=1)
    straight = ndimage.maximum_filter1d(coverage >= MIN_RUN_COVERAGE, run, axis=1)
    labels, _ = ndimage.label(straight, EIGHT_CONNECTED)
    thickness = _vertical_run_lengths(mask)
    is_one_component = ndimage.label(mask, EIGHT_CONNECTED)[1] == 1
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        line = mask[box] & (labels[box] == number)
        inked = box[1].start + np.flatnonzero(line.any(axis=0))
        if not inked.size or inked[0] > end_gap or inked[-1] < width - 1 - end_gap:
            continue
        runs = thickness[box]
        # The weights count each vertical run once, however many pixels it has.
        typical = np.quantile(
            runs[line], 0.25, weights=1 / runs[line], method="inverted_cdf"
        )
        if typical > max(3, 0.1 * mask.shape[0]):
            continue
        thin = line & (runs <= 1.5 * typical + 1)
        dark = float(np.percentile(density[box][thin], 75))
        light = density[box] <= 1.5 * dark + 0.05
        if not (is_one_component and _is_bar_of_digit(mask, box[0], thin & light)):
            rulings[box] |= thin & light
            bands[box] |= line & light
    return rulings, bands


def _is_bar_of_digit(mask: np.ndarray, rows: slice, line: np.ndarray) -> bool:
    """Return whether a line is the top or bottom bar of a digit.

    A digit may be as wide as the page, so that its bar looks like a line across the
    page. ``mask`` is a single connected component. ``line`` is the mask of the line
    within ``rows``, which are some rows of the page.
    """
    if not line.any():
        return False
    inked_rows, inked_columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    line_rows = rows.start + np.flatnonzero(line.any(axis=1))
    distance = min(line_rows[0] - inked_rows[0], inked_rows[-1] - line_rows[-1])
    is_outermost = distance <= len(line_rows)
    return bool(is_outermost and np.ptp(inked_columns) < 1.2 * mask.shape[0])


def _fills_page(mask: np.ndarray) -> bool:
    """Return whether the ink is one component that comes near all sides of the page.

    The lines of squared paper also come near all sides, but the result is False for
    them. They are recognized because they touch the sides of the component's bounding
    box in more than MAX_BORDER_CONTACTS places.
    """
    labels, count = ndimage.label(mask, EIGHT_CONNECTED)
    if count != 1:
        return False
    box = ndimage.find_objects(labels)[0]
    for part, length in zip(box, mask.shape, strict=True):
        if max(part.start, length - part.stop) > max(2, 0.03 * length):
            return False
    inked = mask[box]
    sides = inked[0], inked[-1], inked[:, 0], inked[:, -1]
    return sum(map(_count_runs, sides)) <= MAX_BORDER_CONTACTS


def _count_runs(side: np.ndarray) -> int:
    """Return the number of runs of True in a bool array (n,)."""
    return int(np.count_nonzero(np.diff(side.astype(np.int8), prepend=0) > 0))


def _vertical_run_lengths(mask: np.ndarray) -> np.ndarray:
    """Return, for each pixel of ink, the length of the vertical run it belongs to."""
    labels, _ = ndimage.label(mask, [[0, 1, 0], [0, 1, 0], [0, 1, 0]])
    lengths = np.bincount(labels.ravel())
    lengths[0] = 0
    return lengths[labels]


def without_edges(mask: np.ndarray) -> np.ndarray:
    """Return the mask, bool (h, w), without frames and without the borders of a scan.

    A border of a scan is a dark area along one of the page's sides. A frame is a drawn
    or printed box with other ink in it. The lines of squared paper also enclose ink,
    but they are kept.

    If less than 2 % of the ink would be left, the mask is returned unchanged. There is
    one exception: if all ink is one component that lies along one or two sides of the
    page (see `_is_border_strip`), all ink is removed.
    """
    labels, count = ndimage.label(mask, EIGHT_CONNECTED)
    if not count or (count == 1 and not _is_border_strip(mask)):
        return mask
    sides = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    contact = np.max(
        [np.bincount(side, minlength=count + 1) / len(side) for side in sides], axis=0
    )
    removed = [
        number
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
        if (contact[number] >= MIN_BORDER_CONTACT or _is_frame(labels[box], number))
        and not _is_squared_paper(labels[box] == number)
    ]
    left = mask & ~np.isin(labels, removed)
    return left if left.sum() >= 0.02 * mask.sum() or count == 1 else mask


def _is_squared_paper(component: np.ndarray) -> bool:
    """Return whether a component, bool (h, w), is a grid of lines.

    The lines are counted in a few evenly spaced rows and columns of pixels. Such a row
    or column crosses a frame or the border of a scan about twice. It crosses the lines
    of a grid many times.
    """
    rows, columns = (
        component[np.linspace(0, len(component) - 1, SAMPLED_ROWS + 2, dtype=int)[1:-1]]
        for component in (component, component.T)
    )
    runs = [[_count_runs(row) for row in part] for part in (rows, columns)]
    return bool(min(np.median(runs, axis=1)) >= MIN_RULINGS)


def _is_border_strip(mask: np.ndarray) -> bool:
    """Return whether all ink lies in strips along one or two whole sides of the page.

    A strip is not deeper than MAX_STRIP_DEPTH.
    """
    sides = mask[0], mask[-1], mask[:, 0], mask[:, -1]
    covered = [side.mean() > 0.95 for side in sides]
    height, width = (round(MAX_STRIP_DEPTH * side) for side in mask.shape)
    inner = mask[
        height * covered[0] : mask.shape[0] - height * covered[1],
        width * covered[2] : mask.shape[1] - width * covered[3],
    ]
    return bool(1 <= sum(covered) <= 2 and not inner.any())


def _is_frame(labels: np.ndarray, number: int) -> bool:
    """Return whether a component is a frame: a box that has other ink inside.

    A frame covers most of each side of its bounding box. ``labels`` is the part of the
    label image in the component's bounding box, and ``number`` is the component's
    label.
    """
    if min(labels.shape) < 8:
        return False
    own = labels == number
    inner = (labels > 0) & ~own
    depth = max(1, min(labels.shape) // 10)
    sides = (
        own[:depth].any(axis=0),
        own[-depth:].any(axis=0),
        own[:, :depth].any(axis=1),
        own[:, -depth:].any(axis=1),
    )
    return bool(inner.any()) and all(s.mean() >= MIN_FRAME_COVERAGE for s in sides)
