"""Find the cells of boxes and grids, and remove the lines around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .ink import EIGHT_CONNECTED

MIN_CELL_SIDE = 8
"""Minimum width and height of a cell, in pixels."""

MAX_CELL_SHARE = 0.5
"""Maximum width and height of a cell, as a share of the page's."""

MAX_SIDE_OFFSET = 0.12
"""Maximum distance of a cell's sides from its bounding box, as a share of its width or
height. It is 0 for a box, more for a tilted one, and 0.2 for an ellipse."""

STRAIGHT_SHARE = 0.75
"""Share of each side of a cell on which MAX_SIDE_OFFSET holds: digits touch lines."""

MIN_WRITTEN_HEIGHT = 0.3
"""Minimum height of what is written in a cell, as a share of the cell's."""

MIN_CELLS = 3
"""Minimum number of cells of a grid in which nothing is written. The holes of an 8 may
look like two cells."""

CLOSED_GAPS = 1, 3, 5
"""Diameters of closings that mend broken lines. The one with most cells is used."""

REACH = 11
"""Diameter, in pixels, of the filter that finds the lines round a cell."""


class Box(NamedTuple):
    """A half-open box of pixels."""

    top: int
    left: int
    bottom: int
    right: int


class Cell(NamedTuple):
    """The box of a cell, and that of the grid it belongs to."""

    box: Box
    grid: Box


class Cells(NamedTuple):
    """The cells of a page.

    ``labels`` is int32 (h, w): the place of a cell in ``cells``, from 1, and 0 outside
    of all cells.
    """

    labels: np.ndarray
    cells: list[Cell]

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell of a pixel, or None."""
        place = self.labels[row, column]
        return self.cells[place - 1] if place else None


def find_cells(mask: np.ndarray, stroke: float) -> tuple[np.ndarray, Cells]:
    """Return the mask without the lines of boxes and grids, and the boxes' cells.

    ``mask`` is bool (h, w), the strokes on a page. A cell is paper enclosed by straight
    lines. What is written in it keeps its ink, also where it touches the lines.
    """
    labels = np.zeros(mask.shape, np.int32)
    found = [_find_quadrilaterals(mask, gap, stroke) for gap in CLOSED_GAPS]
    holes, boxes = max(found, key=lambda one: len(one[1]))
    if not boxes:
        return mask, Cells(labels, [])
    from skimage.morphology import convex_hull_image

    components, count = ndimage.label(mask, EIGHT_CONNECTED)
    objects = ndimage.find_objects(components)
    members: dict[int, list[int]] = {}
    filled = set()
    for place, (number, box) in enumerate(boxes, start=1):
        wider = tuple(
            slice(max(0, part.start - REACH), part.stop + REACH) for part in box
        )
        hole, near = holes[wider] == number, components[wider]
        inside = convex_hull_image(hole, offset_coordinates=False)
        around = ndimage.maximum_filter(hole, REACH) & ~inside
        touched = np.bincount(near[around], minlength=count + 1)
        frame = int(np.argmax(touched[1:])) + 1
        labels[wider][inside] = place
        members.setdefault(frame, []).append(place)
        written = set(np.unique(near[inside])) - {0, frame}
        heights = [objects[w - 1][0].stop - objects[w - 1][0].start for w in written]
        if max(heights, default=0) >= MIN_WRITTEN_HEIGHT * (box[0].stop - box[0].start):
            filled.add(frame)
    grids = {
        frame: places
        for frame, places in members.items()
        if frame in filled or len(places) >= MIN_CELLS
    }
    places = [place for group in grids.values() for place in group]
    labels[~np.isin(labels, places)] = 0
    cells = [Box(b[0].start, b[1].start, b[0].stop, b[1].stop) for _, b in boxes]
    grid_of = {
        place: Box(
            min(cells[p - 1].top for p in group),
            min(cells[p - 1].left for p in group),
            max(cells[p - 1].bottom for p in group),
            max(cells[p - 1].right for p in group),
        )
        for group in grids.values()
        for place in group
    }
    is_line = ndimage.maximum_filter(labels > 0, REACH) & (labels == 0)
    without_lines = mask & ~(np.isin(components, list(grids)) & is_line)
    return without_lines, Cells(
        labels,
        [Cell(box, grid_of.get(p, box)) for p, box in enumerate(cells, start=1)],
    )


def _find_quadrilaterals(
    mask: np.ndarray, gap: int, stroke: float
) -> tuple[np.ndarray, list[tuple[int, tuple[slice, slice]]]]:
    """Return the label image of holes, and label and box of those that may be cells.

    Breaks in the lines of less than ``gap`` pixels are closed.
    """
    closed = ndimage.minimum_filter(ndimage.maximum_filter(mask, gap), gap)
    holes, _ = ndimage.label(~closed)
    return holes, [
        (number, box)
        for number, box in enumerate(ndimage.find_objects(holes), start=1)
        if _has_size_of_cell(box, mask.shape, stroke)
        and _is_quadrilateral(holes[box] == number)
    ]


def _has_size_of_cell(
    box: tuple[slice, slice], shape: tuple[int, int], stroke: float
) -> bool:
    sides = [part.stop - part.start for part in box]
    return min(sides) >= max(MIN_CELL_SIDE, 3 * stroke) and all(
        side <= MAX_CELL_SHARE * length
        for side, length in zip(sides, shape, strict=True)
    )


def _is_quadrilateral(hole: np.ndarray) -> bool:
    """Return whether a hole has four straight sides, nearly along its bounding box."""
    for image in (hole, hole.T):
        for flipped in (image, image[:, ::-1]):
            offsets = flipped.argmax(axis=1)[flipped.any(axis=1)]
            limit = np.quantile(offsets, STRAIGHT_SHARE)
            if limit > MAX_SIDE_OFFSET * image.shape[1] + 1:
                return False
    return True
