"""What is on paper but was not written: rulings, frames, the dark edge of a scan."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .ink import EIGHT, weighted_quantile

RUN = 0.15
"""A ruling has straight pieces at least this long, as a share of the page's width."""

UNBROKEN = 0.8
"""So much of such a piece is ink: noise breaks faint lines."""

SHORT = 0.02
"""A ruling ends at most this share of the page's width before its sides."""

TOUCHING = 0.4
"""An edge of a scan lies along at least this share of one of the page's sides."""

STRIP = 0.4
"""What lies along one side is an edge up to this share of the page's depth."""

MOST_ENDS = 6
"""In so many places at most a digit that fills its page touches the sides."""

COVERED = 0.75
"""A frame covers at least this share of each side of its box."""


def without_rulings(mask: np.ndarray, density: np.ndarray, stroke: float) -> np.ndarray:
    """The mask, bool (h, w), without lines across the page, level or upright.

    Where a stroke crosses a ruling it stays whole. A page that one piece of ink fills
    is a digit that was cut out, and stays as it is.
    """
    if _fills(mask):
        return mask
    level = _ruling(mask, density, stroke)
    upright = _ruling(mask.T, density.T, stroke).T
    return mask & ~level & ~upright


def _ruling(mask: np.ndarray, density: np.ndarray, stroke: float) -> np.ndarray:
    """What of the mask are level rulings."""
    found = np.zeros_like(mask)
    width = mask.shape[1]
    if width < 3 * stroke or not mask.any():
        return found
    run = max(8, round(RUN * width))
    tilted = 1 + 2 * max(1, round(0.02 * run))
    thick = ndimage.maximum_filter1d(mask.view(np.uint8), tilted, axis=0)
    covered = ndimage.uniform_filter1d(thick.astype(np.float32), run, axis=1)
    straight = ndimage.maximum_filter1d(covered >= UNBROKEN, run, axis=1)
    labels, _ = ndimage.label(straight, EIGHT)
    lengths = _run_lengths(mask)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        line = mask[box] & (labels[box] == number)
        inked = box[1].start + np.flatnonzero(line.any(axis=0))
        ends = SHORT * width
        if not inked.size or inked[0] > ends or inked[-1] < width - 1 - ends:
            continue
        runs = lengths[box]
        usual = weighted_quantile(runs[line], 1 / runs[line], 0.25)  # each run once
        if usual > max(3, 0.1 * mask.shape[0]):
            continue
        thin = line & (runs <= 1.5 * usual + 1)
        dark = float(np.percentile(density[box][thin], 75))
        thin &= density[box] <= 1.5 * dark + 0.05
        if not _is_bar(mask, box[0], thin):
            found[box] |= thin
    return found


def _is_bar(mask: np.ndarray, rows: slice, line: np.ndarray) -> bool:
    """Whether the line is the top or the foot of a digit as wide as the page."""
    if not line.any() or ndimage.label(mask, EIGHT)[1] > 1:
        return False
    inked, across = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    at = rows.start + np.flatnonzero(line.any(axis=1))
    at_edge = min(at[0] - inked[0], inked[-1] - at[-1]) <= len(at)
    return bool(at_edge and np.ptp(across) < 1.2 * mask.shape[0])


def _fills(mask: np.ndarray) -> bool:
    """Whether all the ink hangs together and comes near all four sides of the page.

    So do the rulings of squared paper, but these end at the sides in many places.
    """
    labels, count = ndimage.label(mask, EIGHT)
    if count != 1:
        return False
    box = ndimage.find_objects(labels)[0]
    for part, length in zip(box, mask.shape, strict=True):
        if max(part.start, length - part.stop) > max(2, 0.03 * length):
            return False
    inked = mask[box].astype(np.int8)
    sides = inked[0], inked[-1], inked[:, 0], inked[:, -1]
    ends = sum(np.count_nonzero(np.diff(side, prepend=0) > 0) for side in sides)
    return ends <= MOST_ENDS


def _run_lengths(mask: np.ndarray) -> np.ndarray:
    """The length of the upright run of ink that each pixel belongs to."""
    labels, _ = ndimage.label(mask, [[0, 1, 0], [0, 1, 0], [0, 1, 0]])
    lengths = np.bincount(labels.ravel())
    lengths[0] = 0
    return lengths[labels]


def without_edges(mask: np.ndarray) -> np.ndarray:
    """The mask without what lies along the page's sides, and without frames.

    Frames are boxes, drawn or printed, with other ink in them. Where nothing else
    would be left, all stays.
    """
    labels, count = ndimage.label(mask, EIGHT)
    if not count or (count == 1 and not _is_strip(mask)):
        return mask
    sides = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    along = np.max(
        [np.bincount(s, minlength=count + 1) / len(s) for s in sides], axis=0
    )
    drop = [
        number
        for number, box in enumerate(ndimage.find_objects(labels), start=1)
        if along[number] >= TOUCHING or _is_frame(labels[box], number)
    ]
    left = mask & ~np.isin(labels, drop)
    return left if left.sum() >= 0.02 * mask.sum() or count == 1 else mask


def _is_strip(mask: np.ndarray) -> bool:
    """Whether all the ink is a strip along one or two whole sides of the page."""
    sides = mask[0], mask[-1], mask[:, 0], mask[:, -1]
    along = [side.mean() > 0.95 for side in sides]
    height, width = (round(STRIP * side) for side in mask.shape)
    inner = mask[
        height * along[0] : mask.shape[0] - height * along[1],
        width * along[2] : mask.shape[1] - width * along[3],
    ]
    return 1 <= sum(along) <= 2 and not inner.any()


def _is_frame(box: np.ndarray, number: int) -> bool:
    if min(box.shape) < 8:
        return False
    own = box == number
    inner = (box > 0) & ~own
    depth = max(1, min(box.shape) // 10)
    sides = (
        own[:depth].any(axis=0),
        own[-depth:].any(axis=0),
        own[:, :depth].any(axis=1),
        own[:, -depth:].any(axis=1),
    )
    return bool(inner.any()) and all(side.mean() >= COVERED for side in sides)
