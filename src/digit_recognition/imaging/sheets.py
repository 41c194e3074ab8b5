"""Find a sheet of light paper that lies on a darker table, and remove the table."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from .ink import EIGHT_CONNECTED, ink_is_dark, otsu_threshold, reduced, resized

SEARCH_SIDE = 512
"""Longest side, in pixels, of the reduced page in which the sheet is searched for."""

MIN_SHEET_AREA = 0.1
"""Minimum area of a sheet, as a share of the page's area."""

MIN_SPOT_AREA = 4
"""Minimum area, in pixels of the reduced page, of a dark spot on a sheet that counts as
writing."""

MIN_SPOTS = 4
"""A light area with at least this many dark spots is a sheet, whatever its shape. Light
digits on a dark page have fewer holes: an 8 has two. An area with fewer spots is a
sheet only if it is a rectangle."""

MIN_RECTANGULARITY = 0.88
"""Minimum share of the smallest enclosing rectangle, of any direction, that a rectangle
fills. An ellipse, such as a 0, fills 0.79 of it."""

MAX_SPOT_SHARE = 0.3
"""Maximum area of all dark spots on a sheet, as a share of the sheet's area."""

MIN_DEPTH = 0.06
"""Minimum distance from the middle of a sheet to its edge, as a share of the page's
shorter side. Strokes of light digits are thinner."""

MAX_TABLE_LEVEL = 0.8
"""Maximum brightness of the table beside the sheet, as a share of the brightness of the
sheet. At the edge of a shadow in a photo, it was 0.95."""

EDGE = 3
"""Width of the edge of a sheet that is removed with the table, in pixels of the reduced
page."""


def without_table(grey: np.ndarray) -> np.ndarray:
    """Return a page on which the table around a sheet of paper looks like paper.

    ``grey`` is float32 (h, w) in 0..1, where 1 is white. A sheet of paper that lies on
    a dark table looks like one large light digit. So if the ink seems to be light, this
    function looks for the largest light area. The area is a sheet if it is large and
    has several dark spots, which are the writing. Then the pixels outside the sheet get
    the brightness of the nearest paper. Without a sheet, the page is returned as it is.
    """
    if ink_is_dark(grey):
        return grey
    small = reduced(grey, SEARCH_SIDE)
    sheet = _find_sheet(small)
    if sheet is None:
        return grey
    inner = ndimage.binary_erosion(sheet, iterations=EDGE)
    if not inner.any():
        return grey
    # The closing removes the writing, so that only paper is continued.
    paper = ndimage.grey_closing(np.where(inner, small, 0), size=4 * EDGE + 1)
    rows, columns = ndimage.distance_transform_edt(
        ~inner, return_distances=False, return_indices=True
    )
    outside = resized(paper[rows, columns], grey.shape)
    is_inner = (
        resized(inner.astype(np.float32), grey.shape, Image.Resampling.NEAREST) > 0
    )
    return np.where(is_inner, grey, outside)


def _find_sheet(small: np.ndarray) -> np.ndarray | None:
    """Return the mask of a sheet with its writing, bool (h, w), or None."""
    light = small > otsu_threshold(small)
    labels, count = ndimage.label(light)
    if not count:
        return None
    areas = np.bincount(labels.ravel())
    largest = labels == 1 + int(areas[1:].argmax())
    sheet = ndimage.binary_fill_holes(largest)
    area = np.count_nonzero(sheet)
    spots, _ = ndimage.label(sheet & ~light, EIGHT_CONNECTED)
    spot_areas = np.bincount(spots.ravel())[1:]
    spot_areas = spot_areas[spot_areas >= MIN_SPOT_AREA]
    if area < MIN_SHEET_AREA * small.size or not len(spot_areas):
        return None
    depth = ndimage.distance_transform_edt(np.pad(sheet, 1)).max()
    is_sheet = (
        spot_areas.sum() <= MAX_SPOT_SHARE * area
        and depth >= MIN_DEPTH * min(small.shape)
        and (len(spot_areas) >= MIN_SPOTS or _is_rectangle(sheet))
        and _has_clear_edge(small, sheet)
    )
    return sheet if is_sheet else None


def _has_clear_edge(small: np.ndarray, sheet: np.ndarray) -> bool:
    """Return whether the table is clearly darker than the sheet beside its edge.

    The edge of a shadow on the paper is not: there, the brightness changes gradually.
    """
    wider, narrower = (
        change(sheet, iterations=EDGE)
        for change in (ndimage.binary_dilation, ndimage.binary_erosion)
    )
    outside = ndimage.binary_dilation(wider, iterations=EDGE) & ~wider
    inside = narrower & ~ndimage.binary_erosion(narrower, iterations=EDGE)
    if not outside.any() or not inside.any():
        return False
    table, paper = np.median(small[outside]), np.median(small[inside])
    return bool(table <= MAX_TABLE_LEVEL * paper)


def _is_rectangle(mask: np.ndarray) -> bool:
    """Return whether a mask, bool (h, w), is nearly a rectangle of any direction."""
    edge = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    angles = np.deg2rad(np.arange(0, 90, 2))
    directions = np.stack([np.cos(angles), np.sin(angles)])
    across = np.ptp(edge @ directions, axis=0) + 1
    along = np.ptp(edge @ np.stack([-directions[1], directions[0]]), axis=0) + 1
    return bool(mask.sum() >= MIN_RECTANGULARITY * (across * along).min())
