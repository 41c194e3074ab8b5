"""Find the cells of boxes and grids on a page, and remove the lines round the cells.

A cell is an area of paper that is enclosed by straight lines. A digit may be written in
a cell. A box has one cell, a grid has several.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .boxes import Box, enclosing
from .ink import EIGHT_CONNECTED

MIN_CELL_SIDE = 8
"""Minimum width and height of a cell, in pixels."""

MAX_CELL_SHARE = 0.5
"""Maximum width and height of a cell, as a share of the page's width and height."""

MAX_SIDE_OFFSET = 0.12
"""Maximum distance between a side of a cell and the cell's bounding box, as a share of
the cell's width or height. The distance is 0 for an upright rectangle, more for a
tilted one, and 0.17 for an ellipse."""

STRAIGHT_SHARE = 0.75
"""Share of each side of a cell that must be within MAX_SIDE_OFFSET. A digit that
touches the side may hide the rest."""

MIN_WRITTEN_HEIGHT = 0.3
"""Minimum height of ink that counts as written in a cell, as a share of the cell's
height."""

MIN_CELLS = 3
"""Minimum number of cells of an empty grid. Two are too few: the two holes of an 8 may
look like cells."""

MAX_CELLS = 1000
"""Maximum number of cells on a page. A page with more is squared paper, whose lines are
removed as rulings."""

CLOSED_GAPS = 1, 3, 5
"""Sizes, in pixels, of the morphological closings that mend broken lines. All sizes are
tried, and the one that yields the most cells is used."""

REACH = 11
"""Size, in pixels, of the maximum filter that extends a cell to the lines round it."""


class Cell(NamedTuple):
    """The bounding boxes of a cell and of the grid that the cell belongs to."""

    box: Box
    grid: Box


class Cells(NamedTuple):
    """The cells of a page.

    ``labels`` is int32 (h, w). It is ``n`` on the pixels of the cell ``cells[n - 1]``,
    and 0 on all other pixels. ``cells`` may also contain rejected candidates. Their
    values of ``n`` do not occur in ``labels``.
    """

    labels: np.ndarray
    cells: list[Cell]

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell that a pixel lies in, or None if it lies in no cell."""
        place = self.labels[row, column]
        return self.cells[place - 1] if place else None


def find_cells(mask: np.ndarray, stroke: float) -> tuple[np.ndarray, Cells]:
    """Return the mask without the lines of boxes and grids, and the cells.

    ``mask`` is bool (h, w), the strokes on a page. ``stroke`` is the stroke width in
    pixels. Ink inside a cell is kept, even if it touches the lines. If there are no
    cells, or more than MAX_CELLS, the mask is returned unchanged.
    """
    found = [_find_quadrilaterals(mask, gap, stroke) for gap in CLOSED_GAPS]
    holes, numbers = max(found, key=lambda one: len(one[1]))
    labels = np.zeros(mask.shape, np.int32)
    if not 0 < len(numbers) <= MAX_CELLS:
        return mask, Cells(labels, [])
    components, _ = ndimage.label(mask, EIGHT_CONNECTED)
    places_of = _group_into_grids(holes, numbers, components, labels)
    grids = list(places_of)
    labels[~np.isin(labels, [p for places in places_of.values() for p in places])] = 0
    objects = ndimage.find_objects(holes)
    boxes = [Box.of_slices(objects[number - 1]) for number in numbers]
    cells = [Cell(box, box) for box in boxes]
    for places in places_of.values():
        grid = enclosing(boxes[place - 1] for place in places)
        for place in places:
            cells[place - 1] = Cell(boxes[place - 1], grid)
    is_line = ndimage.maximum_filter(labels > 0, REACH) & (labels == 0)
    return mask & ~(np.isin(components, grids) & is_line), Cells(labels, cells)


def _group_into_grids(
    holes: np.ndarray, numbers: list[int], components: np.ndarray, labels: np.ndarray
) -> dict[int, list[int]]:
    """Return the boxes and grids, each with the places of its cells.

    ``holes`` is the label image of the paper, and ``components`` the label image of the
    ink. ``numbers`` lists the labels of the holes that may be cells. The place of a
    hole is its position in ``numbers``, counted from 1. The function writes the place
    of each hole into ``labels``, on the pixels of the hole's convex hull.

    The keys of the result are labels in ``components``. A component is a box or a
    grid if something is written in at least one of its cells, or if it has at least
    MIN_CELLS cells.
    """
    from skimage.morphology import convex_hull_image

    slices, objects = (ndimage.find_objects(image) for image in (holes, components))
    places_of: dict[int, list[int]] = {}
    filled = set()
    for place, number in enumerate(numbers, start=1):
        wider = tuple(
            slice(max(0, part.start - REACH), part.stop + REACH)
            for part in slices[number - 1]
        )
        hole, near = holes[wider] == number, components[wider]
        inside = convex_hull_image(hole, offset_coordinates=False)
        around = ndimage.maximum_filter(hole, REACH) & ~inside
        touched = np.bincount(near[around], minlength=2)
        frame = int(np.argmax(touched[1:])) + 1
        labels[wider][inside] = place
        places_of.setdefault(frame, []).append(place)
        written = set(np.unique(near[inside])) - {0, frame}
        heights = [Box.of_slices(objects[w - 1]).height for w in written]
        cell = Box.of_slices(slices[number - 1])
        if max(heights, default=0) >= MIN_WRITTEN_HEIGHT * cell.height:
            filled.add(frame)
    return {
        frame: places
        for frame, places in places_of.items()
        if frame in filled or len(places) >= MIN_CELLS
    }


def _find_quadrilaterals(
    mask: np.ndarray, gap: int, stroke: float
) -> tuple[np.ndarray, list[int]]:
    """Return the label image of the holes, and the labels of holes that may be cells.

    A hole is a connected area of paper. Before the holes are labelled, breaks in the
    lines are closed if they are shorter than ``gap`` pixels. The shapes of more than
    MAX_CELLS holes are not examined.
    """
    closed = ndimage.minimum_filter(ndimage.maximum_filter(mask, gap), gap)
    holes, _ = ndimage.label(~closed)
    sized = [
        (number, box)
        for number, box in enumerate(ndimage.find_objects(holes), start=1)
        if _has_size_of_cell(Box.of_slices(box), mask.shape, stroke)
    ]
    return holes, [
        number
        for number, box in sized
        if len(sized) > MAX_CELLS or _is_quadrilateral(holes[box] == number)
    ]


def _has_size_of_cell(box: Box, shape: tuple[int, int], stroke: float) -> bool:
    height, width = shape
    return (
        min(box.height, box.width) >= max(MIN_CELL_SIDE, 3 * stroke)
        and box.height <= MAX_CELL_SHARE * height
        and box.width <= MAX_CELL_SHARE * width
    )


def _is_quadrilateral(hole: np.ndarray) -> bool:
    """Return whether a hole has four straight sides close to its bounding box."""
    for image in (hole, hole.T):
        for flipped in (image, image[:, ::-1]):
            offsets = flipped.argmax(axis=1)[flipped.any(axis=1)]
            is_near = offsets <= MAX_SIDE_OFFSET * image.shape[1] + 1
            if np.count_nonzero(is_near) < STRAIGHT_SHARE * len(offsets):
                return False
    return True
