"""Find a sheet of light paper that lies on a darker table, and remove the table."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from .boxes import Box
from .ink import (
    AREA_SIDE,
    MIN_SPOTS,
    LightArea,
    find_light_area,
    ink_seems_dark,
    reduced,
    resized,
    spot_sizes,
)

MIN_RECTANGULARITY = 0.88
"""A light area with fewer than MIN_SPOTS dark spots is a sheet only if it fills at
least this share of its smallest enclosing rectangle. The rectangle may be rotated. An
ellipse, such as a 0, fills 0.79 of it."""

MAX_FEW_SPOTS_SHARE = 0.12
"""A rectangle with fewer than MIN_SPOTS dark spots is a sheet only if all spots
together cover at most this share of it. The hole of a block-shaped 0 covers more."""

MAX_TABLE_LEVEL = 0.8
"""Maximum brightness of the table that the sheet of paper lies on, as a share of the
sheet's brightness. Both are measured near the sheet's edge. A shadow on the paper is
brighter than this, or has a soft edge."""

WRITING_SIZE = 25
"""Strokes of writing are thinner than this, in pixels of the reduced page."""

MIN_CONTRAST, MIN_DARKNESS = 0.25, 0.06
"""Writing is darker than its surroundings by at least this share of their brightness,
and by at least this difference of brightness (0..1)."""

EDGE = 3
"""Width of the margin along the edge of the sheet that is removed with the table. Like
all sizes in this module, it is in pixels of the page reduced to AREA_SIDE."""


def without_table(grey: np.ndarray) -> np.ndarray:
    """Return a page on which the table around a sheet of paper looks like paper.

    ``grey`` is float32 (h, w) in 0..1, where 1 is white. A sheet of paper that lies on
    a dark table looks like one large light digit. So if the ink seems to be light, this
    function looks for a large light area with dark spots, which are the writing. If the
    area has a sharp edge, and no ink lies at its edge or outside it, the pixels outside
    get the brightness of the nearest paper. Otherwise, the page is returned as it is.
    """
    if ink_seems_dark(grey):
        return grey
    small = reduced(grey, AREA_SIDE)
    area = find_light_area(small)
    if area is None or not _is_sheet(area, small):
        return grey
    return _with_paper_around(grey, area.mask)


def without_surroundings(grey: np.ndarray, box: Box, sheet: np.ndarray) -> np.ndarray:
    """Return a page on which all that surrounds a sheet of paper looks like paper.

    ``grey`` is float32 (h, w) in 0..1, where 1 is white. ``box`` is the bounding box of
    the sheet. ``sheet`` is a mask of the size of this box, bool. The whole convex hull
    counts as part of the sheet, because writing makes holes and notches in it. If the
    edge is not sharp, the sheet is only the lit part of a page in a shadow, and the
    page is returned as it is.
    """
    from skimage.morphology import convex_hull_image

    mask = np.zeros(grey.shape, np.float32)
    mask[box.top : box.bottom, box.left : box.right] = sheet
    small_mask = convex_hull_image(reduced(mask, AREA_SIDE) > 0.5)
    if not _has_sharp_edge(reduced(grey, AREA_SIDE), small_mask):
        return grey
    return _with_paper_around(grey, small_mask)


def _with_paper_around(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a page on which the pixels outside a sheet have the sheet's brightness.

    ``mask`` is True on the sheet. It is bool, of the size of the page that is reduced
    to AREA_SIDE.
    """
    inner = ndimage.binary_erosion(mask, iterations=EDGE, border_value=1)
    if not inner.any():
        return grey
    small = reduced(grey, AREA_SIDE)
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


def _is_sheet(area: LightArea, small: np.ndarray) -> bool:
    """Return whether a light area of the page ``small`` is a sheet on a table.

    An area with few spots may be a light 0 or 8. So it must be a rectangle, and its
    spots must be smaller than the holes of a digit.
    """
    is_written_on = area.spots >= MIN_SPOTS or (
        _is_rectangle(area.mask)
        and area.dark.sum() <= MAX_FEW_SPOTS_SHARE * area.mask.sum()
    )
    return (
        bool(is_written_on)
        and not _is_cut(area)
        and _has_sharp_edge(small, area.mask)
        and not _has_writing(small, ~area.mask)
    )


def _is_cut(area: LightArea) -> bool:
    """Return whether ink comes to the edge of an area, or goes beyond it.

    Such ink would be removed with the table. Ink that goes beyond the edge is connected
    with the table, so it makes a notch in the outline of the area: a wide one, which
    the convex hull fills, or a narrow one, which a closing fills.
    """
    from skimage.morphology import convex_hull_image

    mask = area.mask
    wide = ndimage.binary_erosion(convex_hull_image(mask) & ~mask)
    narrow = ndimage.binary_closing(mask, iterations=2) & ~mask
    edge = mask & ~ndimage.binary_erosion(mask, iterations=EDGE + 1, border_value=1)
    return any(spot_sizes(ink).size for ink in (wide, narrow, area.dark & edge))


def _has_sharp_edge(small: np.ndarray, mask: np.ndarray) -> bool:
    """Return whether the page gets much darker within three pixels at the mask's edge.

    At the edge of a shadow on the paper, the brightness changes gradually.
    """
    wider, narrower = ndimage.binary_dilation(mask), ndimage.binary_erosion(mask)
    outside = ndimage.binary_dilation(wider) & ~wider
    inside = narrower & ~ndimage.binary_erosion(narrower)
    if not outside.any() or not inside.any():
        return False
    table, paper = np.median(small[outside]), np.median(small[inside])
    return bool(table <= MAX_TABLE_LEVEL * paper)


def _has_writing(small: np.ndarray, table: np.ndarray) -> bool:
    """Return whether there are dark spots where ``table``, bool (h, w), is True.

    The spots are writing, so that the table is really paper in a shadow.
    """
    around = ndimage.grey_closing(np.where(table, small, 0), size=WRITING_SIZE)
    is_dark = around - small > np.maximum(MIN_CONTRAST * around, MIN_DARKNESS)
    inner = ndimage.binary_erosion(table, iterations=2 * EDGE, border_value=1)
    return spot_sizes(is_dark & inner).size > 0


def _is_rectangle(mask: np.ndarray) -> bool:
    """Return whether a mask, bool (h, w), is nearly a rectangle of any direction."""
    edge = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    angles = np.deg2rad(np.arange(0, 90, 2))
    directions = np.stack([np.cos(angles), np.sin(angles)])
    across = np.ptp(edge @ directions, axis=0) + 1
    along = np.ptp(edge @ np.stack([-directions[1], directions[0]]), axis=0) + 1
    return bool(mask.sum() >= MIN_RECTANGULARITY * (across * along).min())
