"""Find boxes and grids that are printed or drawn on a page, and remove their lines.

A cell is an area of paper that is enclosed by straight lines. A digit may be written in
a cell. A box has one cell, a grid has several.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .boxes import Box, enclosing
from .ink import EIGHT_CONNECTED

MIN_CELL_SIDE = 8
"""Minimum width and height of a cell, in pixels. A cell is an area of paper that is
enclosed by straight lines."""

MAX_CELL_WIDTH, MAX_CELL_HEIGHT = 0.5, 0.95
"""Maximum width and height of a cell (an area enclosed by lines), as shares of the
page's width and height. The limit for the height is the larger one, because a row of
boxes that was cut out of a form may be nearly as high as the picture."""

MAX_SIDE_OFFSET = 0.12
"""Maximum distance between a side of a cell (an area enclosed by lines) and the cell's
bounding box, as a share of the cell's width or height. The distance is 0 in an upright
rectangle, and larger in a tilted one. For comparison, it reaches 0.17
within the middle three quarters of each side of an ellipse."""

STRAIGHT_SHARE = 0.75
"""Minimum share of each side of a cell that lies within MAX_SIDE_OFFSET of the cell's
bounding box. A digit that touches a side may hide the rest of this side."""

MIN_WRITTEN_HEIGHT = 0.3
"""A cell (an area enclosed by lines) counts as filled if it contains ink of at least
this height. The height is a share of the cell's height."""

MIN_CELLS = 3
"""A grid in which nothing is written must have at least this many cells. Two cells are
too few, because the two holes of an 8 may look like cells."""

MAX_CELLS = 1000
"""Maximum number of cells (areas enclosed by lines) on a page. A page with more cells
is taken for squared paper. `without_rulings` removes the lines of squared paper."""

CLOSED_GAPS = 1, 3, 5
"""Sizes, in pixels, of the morphological closings that mend broken lines. All sizes are
tried, and the size that yields the most cells is used."""

CELL_MARGIN = 0.2
"""Width of the margin inside each side of a cell, as a share of the cell's width or
height. Ink in this margin may belong to the cell's lines, so `ink_in_rows_of_cells`
ignores it."""

MAX_RELATIVE_HEIGHT = 1.5
"""Maximum height of a cell, as a multiple of the median height of its grid's cells. A
higher area consists of several cells."""

REACH = 11
"""Size, in pixels, of the maximum filter that enlarges the mask of a cell, so that the
mask covers the lines round the cell."""


class Cell(NamedTuple):
    """A cell: an area of paper that is enclosed by the lines of a drawn box or grid.

    ``box`` is the bounding box of the cell. ``grid`` is the bounding box of all cells
    that belong to the same grid. A single drawn box is a grid with one cell.
    """

    box: Box
    grid: Box


class Cells(NamedTuple):
    """The cells of a page: areas enclosed by lines, in which digits may be written.

    ``cells`` maps numbers to cells. ``labels`` is a label image, int32 (h, w), with the
    number of the cell on its pixels, and 0 on all other pixels.

    ``rest`` is bool (h, w). It is True on ink outside the cells that is connected with
    their lines and was not removed: a digit, or lines of cells that were not found.
    """

    labels: np.ndarray
    cells: dict[int, Cell]
    rest: np.ndarray

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell that a pixel lies in, or None if it lies in no cell."""
        return self.cells.get(int(self.labels[row, column]))


def find_cells(mask: np.ndarray, stroke: float) -> tuple[np.ndarray, Cells]:
    """Remove the lines of boxes and grids; return the new mask and the cells.

    ``mask`` is bool (h, w) and True on the strokes of a page. ``stroke`` is the stroke
    width in pixels. A cell is an area that is enclosed by lines. Ink inside a cell is
    kept, even if it touches the lines. Pieces of broken lines between cells are
    removed, too. If the page has no cells, or more than MAX_CELLS, the mask stays
    unchanged and no cells are returned.
    """
    found = [_find_quadrilaterals(mask, gap, stroke) for gap in CLOSED_GAPS]
    holes, numbers = max(found, key=lambda one: len(one[1]))
    labels = np.zeros(mask.shape, np.int32)
    if not 0 < len(numbers) <= MAX_CELLS:
        return mask, Cells(labels, {}, np.zeros_like(mask))
    components, _ = ndimage.label(mask, EIGHT_CONNECTED)
    places_of = _group_into_grids(holes, numbers, components, labels)
    grids = list(places_of)
    objects = ndimage.find_objects(holes)
    boxes = [Box.of_slices(objects[number - 1]) for number in numbers]
    cells: dict[int, Cell] = {}
    merged: list[int] = []
    for places in places_of.values():
        merged += _merged(places, boxes)
        grid = enclosing(boxes[place - 1] for place in places)
        cells |= {place: Cell(boxes[place - 1], grid) for place in places}
    is_line = ndimage.maximum_filter(labels > 0, REACH) & (labels == 0)
    pieces = np.setdiff1d(components[is_line], components[~is_line])
    left = mask & ~(np.isin(components, [*grids, *pieces]) & is_line)
    rest = left & np.isin(components, grids) & (labels == 0)
    if merged:
        labels[np.isin(labels, merged)] = 0
        cells = {place: cell for place, cell in cells.items() if place not in merged}
    return left, Cells(labels, cells, rest)


def _merged(places: list[int], boxes: list[Box]) -> list[int]:
    """Return the cells of a grid that are much higher than most of its cells.

    They consist of several cells, because the lines between them were not found.
    ``places`` are the positions of the grid's cells in ``boxes``, counted from 1.
    """
    heights = [boxes[place - 1].height for place in places]
    limit = MAX_RELATIVE_HEIGHT * np.median(heights)
    return [
        place for place, height in zip(places, heights, strict=True) if height > limit
    ]


def ink_in_rows_of_cells(mask: np.ndarray, written: Iterable[Cell]) -> list[Box]:
    """Return the bounding boxes of unread ink in rows of cells.

    A digit that touches two opposite sides of its cell divides the cell. Then the cell
    is not found, and the digit may be taken for a part of the lines. So this function
    looks for ink in all places of a row where a cell may be: in the cells that were
    found, in each gap between two of them, and at both ends of the row. A wide gap has
    places for several cells.

    ``mask`` is bool (h, w). It is True on the ink of the page outside all marks,
    including the lines of boxes and grids. ``written`` are cells in which something is
    written. Each place gives at most one box. Ink in the margin of a place (see
    CELL_MARGIN) is ignored. If the other ink is less high than MIN_WRITTEN_HEIGHT
    requires, the place gives no box.
    """
    boxes = []
    for row in _rows(set(written)):
        width = round(float(np.median([box.width for box in row])))
        before = row[0]._replace(right=row[0].left - width)
        after = row[-1]._replace(left=row[-1].right + width)
        places = list(row)
        for left, right in pairwise([before, *row, after]):
            count = round((right.left - left.right) / width)
            sides = np.linspace(left.right, right.left, count + 1).astype(int)
            places += [
                Box(left.top, start, left.bottom, stop)
                for start, stop in pairwise(sides.tolist())
            ]
        boxes += [box for place in places for box in _written_in(mask, place)]
    return boxes


def _rows(cells: set[Cell]) -> list[list[Box]]:
    """Return the boxes of the cells of each row of each grid, from left to right."""
    rows: list[tuple[Box, list[Box]]] = []
    for cell in sorted(cells, key=lambda cell: cell.box.left):
        middle, _ = cell.box.centre
        for grid, row in rows:
            is_beside = grid == cell.grid and row[-1].right <= cell.box.left
            if is_beside and row[-1].top < middle < row[-1].bottom:
                row.append(cell.box)
                break
        else:
            rows.append((cell.grid, [cell.box]))
    return [row for _, row in rows]


def _written_in(mask: np.ndarray, place: Box) -> list[Box]:
    """Return the box of the ink inside a place for a cell, if the ink is high enough.

    The result is a list of one box, or empty.
    """
    down, right = (round(CELL_MARGIN * side) for side in (place.height, place.width))
    top, left = place.top + down, max(0, place.left + right)
    inside = mask[top : place.bottom - down, left : max(0, place.right - right)]
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not rows.size or np.ptp(rows) + 1 < MIN_WRITTEN_HEIGHT * place.height:
        return []
    return [
        Box(
            *(top + int(rows[0]), left + int(columns[0])),
            *(top + int(rows[-1]) + 1, left + int(columns[-1]) + 1),
        )
    ]


def _group_into_grids(
    holes: np.ndarray, numbers: list[int], components: np.ndarray, labels: np.ndarray
) -> dict[int, list[int]]:
    """Find the components of ink that are boxes or grids; return the cells of each.

    A component is a box or a grid if something is written in at least one of its cells,
    or if it has at least MIN_CELLS cells. The keys of the result are the labels of
    these components in ``components``. The values list the cells of each component. A
    cell is given by its position in ``numbers``, counted from 1.

    ``holes`` is the label image of the paper, and ``components`` the label image of the
    ink. A hole is a connected area of paper. ``numbers`` lists the labels of the holes
    that may be cells. The function also changes ``labels``: it fills the convex hull of
    each cell in the result with the cell's position in ``numbers``, counted from 1.
    """
    from skimage.morphology import convex_hull_image

    slices, objects = (ndimage.find_objects(image) for image in (holes, components))
    places_of: dict[int, list[int]] = {}
    filled = set()
    hulls = []
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
        hulls.append((wider, inside))
        places_of.setdefault(frame, []).append(place)
        written = set(np.unique(near[inside])) - {0, frame}
        heights = [Box.of_slices(objects[w - 1]).height for w in written]
        cell = Box.of_slices(slices[number - 1])
        if max(heights, default=0) >= MIN_WRITTEN_HEIGHT * cell.height:
            filled.add(frame)
    grids = {
        frame: places
        for frame, places in places_of.items()
        if frame in filled or len(places) >= MIN_CELLS
    }
    for place in (place for places in grids.values() for place in places):
        wider, inside = hulls[place - 1]
        labels[wider][inside] = place
    return grids


def _find_quadrilaterals(
    mask: np.ndarray, gap: int, stroke: float
) -> tuple[np.ndarray, list[int]]:
    """Label the holes; return the label image, and the labels of possible cells.

    A hole is a connected area of paper. It is a possible cell if it has the size of a
    cell and four straight sides. Before the holes are labelled, breaks in the lines are
    closed if they are shorter than ``gap`` pixels. If more than MAX_CELLS holes have
    the size of a cell, all of them are returned, whatever their shapes.
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
        and box.height <= MAX_CELL_HEIGHT * height
        and box.width <= MAX_CELL_WIDTH * width
    )


def _is_quadrilateral(hole: np.ndarray) -> bool:
    """Return whether a hole has four straight sides close to its bounding box.

    A hole is a connected area of paper, given as a mask, bool (h, w).
    """
    for image in (hole, hole.T):
        for flipped in (image, image[:, ::-1]):
            offsets = flipped.argmax(axis=1)[flipped.any(axis=1)]
            is_near = offsets <= MAX_SIDE_OFFSET * image.shape[1] + 1
            if np.count_nonzero(is_near) < STRAIGHT_SHARE * len(offsets):
                return False
    return True
