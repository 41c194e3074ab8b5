"""Find the digits on a page and order them in lines.

A mark is an object on a page that may be a digit. A page is called texture if it has
more pieces of ink than a page of digits can have. This is so for many photos that do
not show paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .boxes import Box
from .cells import Cell, Cells, find_cells, ink_in_rows_of_cells
from .components import (
    Group,
    group_components,
    is_hairline,
    is_ruling,
    is_ruling_fragment,
)
from .cut_frames import cut_frames
from .ink import EIGHT_CONNECTED, Ink, find_ink, stroke_width
from .line_removal import without_edges, without_rulings
from .mnist_format import is_mnist_format
from .page_marks import Mark, placed_mark
from .sheets import without_table
from .tight_rows import (
    MAX_LINES,
    MIN_SPAN,
    is_printed_line,
    may_be_in_tight_row,
    possible_digits,
)
from .work import TooManyMarks, add_work, check_overlap

MAX_TRACES = 30_000
"""Maximum number of connected components of ink on a page, rulings and specks included.
A page with more components is taken for texture, not for writing."""

MAX_STROKES = 3000
"""Maximum number of groups of connected components on a page (see `group_components`).
Each group may be one digit. A page with more groups is taken for texture, not for
writing."""

MAX_TRACE_OVERLAP = 20
"""Maximum total area of the bounding boxes of all connected components of ink, as a
multiple of the page's area. On pages with tilted rulings, this multiple is up to 9."""

MIN_CONTRAST = 0.05
"""Minimum contrast of a mark to its surroundings: a difference of ink density, in 0..1.
Fainter marks are shades of the paper, not ink."""

MIN_EDGE_ASPECT = 2.5
"""The edge of a sheet of paper may look like a stroke. Only a stroke that is at least
this many times as long as wide is taken for such an edge."""

MIN_SIDE_CONTRAST = 0.2
"""Minimum ratio of the contrasts on the two sides of a stroke: the lower contrast
divided by the higher one. A long, thin mark with a lower ratio is taken for the edge of
a sheet of paper."""

MAX_DARKNESS_SPREAD = 0.5
"""Maximum spread of the darkness of a pen's strokes. The spread is the difference
between the 90th and 10th percentiles of the density in a mark, divided by the median.
Pencil strokes in poor light had a spread of at most 0.45. Objects in photographs mostly
had more than 0.55."""

MIN_SPREAD_STROKE = 4.0
"""The darkness of a mark's strokes is compared with MAX_DARKNESS_SPREAD only if the
strokes are at least this wide, in pixels. Thinner strokes consist of soft edges
only."""

MIN_RELATIVE_SIZE = 0.35
"""Minimum size of a mark, as a share of the typical size of the page's marks. The size
of a mark is its longest side. Smaller marks are specks."""

MIN_INNER_HEIGHT, MAX_NARROW_ASPECT = 0.2, 0.6
"""Ink around a mark is its frame, except narrow ink: its aspect (width divided by
height) is at most MAX_NARROW_ASPECT. Narrow ink is a frame only if the mark is at least
MIN_INNER_HEIGHT times as high as the ink. Otherwise, the mark may be a remainder of the
ink itself, such as a piece of a 1."""

MANY_CELLS = 200
"""If at least this many cells are found in a page's strokes, its fainter traces are not
searched for cells as well, because each search takes long on such a page."""

MIN_SHEET_SIDE = 50
"""Minimum of the shorter side of a sheet of paper with writing on it, in pixels."""

MIN_HOLES, MAX_HOLE_SHARE = 8, 0.01
"""On a dark table, a light sheet looks like one thick stroke, and the writing on the
sheet looks like holes in this stroke. A mark is taken for a sheet only if it has at
least MIN_HOLES holes. Gaps that are larger than MAX_HOLE_SHARE of the mark's bounding
box are not counted as holes."""

MAX_RULING = 0.02
"""Maximum width of the lines on ruled paper, as a share of the sheet's shorter side."""

MIN_SHEET_THICKNESS = 0.5
"""An object is a sheet of paper only if its stroke width is at least this share of its
shorter side. The stroke width is measured after the object's holes are filled. The
strokes of digits are thinner, except those of an upright 1."""


def find_digits(grey: np.ndarray) -> list[list[Mark]]:
    """Return the marks (objects that may be digits) on a page, grouped into lines.

    The lines are sorted from top to bottom, the marks of each line from left to right.
    ``grey`` is float32 (h, w) in 0..1, where 1 is white. The ink may be dark on light
    or light on dark. If the page is an image in MNIST's format already, the result is a
    single mark, and the pixels of the digit stay unchanged. Raises TooManyMarks if the
    page has more pieces of ink than a page of digits can have.

    `Reader` compares several ways to find marks. This function uses only the first way.

    >>> [[(mark.x, mark.y) for mark in line] for line in find_digits(page)]
    [[(20, 15), (60, 15)], [(20, 75)]]
    """
    if is_mnist_format(grey):
        return [[placed_mark(grey)]]
    ink = find_ink(without_table(grey))
    return sort_into_lines(remove_specks(next(find_marks(ink))))


def find_marks(ink: Ink) -> Iterator[list[Mark]]:
    """Yield one or two lists of marks (objects that may be digits).

    - The first list contains the marks that are found after frames, dark borders of
      scans and rulings (lines across the page) have been removed. Of the removed
      strokes, those that may be digits are kept, with ``perhaps_frame`` (see
      `possible_digits`).
    - The second list follows only if the page has boxes or grids, as forms have. It
      contains the marks that are found after only the lines of these boxes and grids
      have been removed. Pieces of lines that may be digits have ``perhaps_frame`` (see
      ``_find_rest``).

    Raises TooManyMarks if the page has more pieces of ink than a page of digits can
    have. Raises TooMuchWork if the page needs more work than `bounded_work` allows.
    """
    labels = _label_components(ink.traces, MAX_TRACES)
    components = map(Box.of_slices, ndimage.find_objects(labels))
    check_overlap(components, labels.size, MAX_TRACE_OVERLAP)
    traces = without_edges(ink.traces)
    traces = without_rulings(traces, ink.smooth, ink.stroke)
    strokes = ink.strokes(traces)
    removed = possible_digits(ink, strokes, ink.traces & ~traces)
    yield _marks_of(ink, strokes, removed=removed)
    strokes = ink.strokes(ink.traces)
    stroke = stroke_width(strokes)
    strokes, cells = find_cells(strokes, stroke)
    # The lines are complete in the traces, even if they are fainter than the digits.
    if len(cells.cells) < MANY_CELLS:
        traces, others = find_cells(ink.traces, stroke)
        if len(others.cells) > len(cells.cells):
            strokes, cells = ink.strokes(traces), others
    if cells.cells:
        yield _marks_of(ink, strokes, cells)


class Unread(NamedTuple):
    """The ink of a page outside all marks.

    ``boxes`` are the bounding boxes of the ink, without frames. ``has_frames`` is True
    if the page has frames around marks (see `find_unread`).
    """

    boxes: list[Box]
    has_frames: bool


def find_unread(ink: Ink, marks: Sequence[Mark], cells: Iterable[Cell] = ()) -> Unread:
    """Find the ink outside all marks.

    Each box encloses one connected component of ink. A component lies outside if less
    than 30 % of its pixels are in the marks' boxes. A component whose box contains the
    centre of a mark is a frame, and gets no box. But a narrow component is no frame if
    the mark is much smaller (see MIN_INNER_HEIGHT).

    Pieces of a frame at the left and right sides of the picture are ignored (see
    `cut_frames`).

    ``cells`` are the cells, of boxes and grids, that contain writing. The rows of these
    cells are also searched cell by cell (see `ink_in_rows_of_cells`). Ink in a cell and
    outside all marks gets a box of its own, even if it is connected with a frame. This
    search ignores marks that are higher than the highest cell, because they cannot be
    digits in a cell.
    """
    cells, covered = list(cells), _covered(marks, ink.traces)
    traces = ink.traces & ~cut_frames(ink.traces & ~covered, marks)
    heights = np.zeros(traces.shape, np.int32)  # of the marks, at their centres
    for mark in sorted(marks, key=lambda mark: mark.height):
        heights[mark.y + mark.height // 2, mark.x + mark.width // 2] = mark.height
    labels, count = ndimage.label(traces, EIGHT_CONNECTED)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    read_areas = np.bincount(labels[covered], minlength=count + 1)
    boxes, has_frames = [], False
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        if read_areas[number] >= 0.3 * areas[number]:
            continue
        box, highest = Box.of_slices(part), heights[part].max()
        is_narrow = box.width <= MAX_NARROW_ASPECT * box.height
        if highest < (MIN_INNER_HEIGHT * box.height if is_narrow else 1):
            boxes.append(box)
        else:
            has_frames = True
    if not cells:
        return Unread(boxes, has_frames)
    height = max(cell.box.height for cell in cells)
    in_cells = [mark for mark in marks if mark.height <= height]
    # Around a mark is the soft edge of its strokes.
    margin = 1 + round(ink.stroke / 2)
    near = ndimage.maximum_filter(_covered(in_cells, traces), 2 * margin + 1)
    boxes += ink_in_rows_of_cells(traces & ~near, cells)
    return Unread(boxes, has_frames)


def _covered(marks: Iterable[Mark], page: np.ndarray) -> np.ndarray:
    """Return a mask of the size of ``page``, bool (h, w): True in the marks' boxes."""
    mask = np.zeros(page.shape, bool)
    for mark in marks:
        mask[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width] = True
    return mask


def _marks_of(
    ink: Ink,
    mask: np.ndarray,
    cells: Cells | None = None,
    removed: np.ndarray | None = None,
) -> list[Mark]:
    """Return the marks in ``mask``, in no particular order.

    ``mask`` is bool (h, w), and True on strokes. ``cells`` are the areas of paper that
    are enclosed by the lines of boxes and grids, if the page has any. ``removed`` is
    the mask of more strokes, which may be digits or parts of a frame, bool (h, w). If
    it is None, lines as high as the page are not judged as digits of a tight row.
    """
    if not mask.any():
        return []
    stroke = stroke_width(mask)
    if removed is not None:
        mask = mask | removed
    labels = _label_components(mask, MAX_TRACES)
    groups = group_components(mask, labels, stroke)
    if len(groups) > MAX_STROKES:
        raise TooManyMarks(f"{len(groups):,} pieces of ink")
    add_work(len(groups))
    rulings, in_doubt = _judge_lines(groups, mask, labels, removed, stroke)
    in_doubt += _find_rest(groups, labels, cells) if cells else []
    check_overlap((g.box for g in groups if g not in rulings), mask.size)
    return [
        _make_mark(
            ink,
            labels,
            group,
            cells.at(*group.box.centre) if cells else None,
            perhaps_frame=group in in_doubt,
        )
        for group in groups
        if group not in rulings
        and (group in in_doubt or not is_ruling_fragment(group, mask, stroke))
        and not (cells and is_hairline(group, stroke))
        and _stands_out(ink, labels, group, stroke)
    ]


def _find_rest(groups: list[Group], labels: np.ndarray, cells: Cells) -> list[Group]:
    """Return the groups that may be lines of cells that were not found.

    They are outside all cells, connected with the lines of cells, and not larger than a
    cell. The result is empty if there are more of these groups than groups in cells:
    the page is then ruled or squared paper, or a drawing. ``labels`` is the label image
    of the groups.
    """
    rest = set(labels[cells.rest].tolist())
    height = max(cell.box.height for cell in cells.cells.values())
    width = max(cell.box.width for cell in cells.cells.values())
    outside = [group for group in groups if cells.at(*group.box.centre) is None]
    lines = [
        group
        for group in outside
        if not rest.isdisjoint(group.labels)
        and group.box.height <= height
        and group.box.width <= width
    ]
    return lines if len(lines) <= len(groups) - len(outside) else []


def _judge_lines(
    groups: list[Group],
    mask: np.ndarray,
    labels: np.ndarray,
    removed: np.ndarray | None,
    stroke: float,
) -> tuple[list[Group], list[Group]]:
    """Return the groups that are rulings, and those that may be parts of a frame.

    ``mask`` and ``removed`` are those of ``_marks_of``. ``groups`` are the groups of
    ``mask``, ``labels`` is its label image, and ``stroke`` the stroke width in pixels.
    """
    restored = set(labels[removed].tolist()) if removed is not None else set()
    in_doubt = [group for group in groups if not restored.isdisjoint(group.labels)]
    rulings = [g for g in groups if g not in in_doubt and is_ruling(g, mask)]
    is_alone = len(groups) == 1
    if len(rulings) == 1 and rulings[0].box.height > rulings[0].box.width:
        # A 1 may be as high as the page.
        in_doubt += [] if is_alone else rulings
        rulings = []
    if removed is not None and not is_alone:
        page = mask.shape
        row = max((g.box.height for g in groups if g not in rulings), default=0)
        ones = [
            g for g in rulings if may_be_in_tight_row(g.box, g.area, page, row, stroke)
        ]
        if len(ones) <= MAX_LINES:
            rulings = [group for group in rulings if group not in ones]
            in_doubt += ones
        inside = [g.box.height for g in groups if g.box.height < MIN_SPAN * page[0]]
        row = max(inside, default=0)
        in_doubt += [g for g in groups if is_printed_line(g.box, g.area, page, row)]
    return rulings, in_doubt


def _label_components(mask: np.ndarray, max_count: int) -> np.ndarray:
    """Return the label image; raise TooManyMarks for more than ``max_count`` labels."""
    labels, count = ndimage.label(mask, EIGHT_CONNECTED)
    if count > max_count:
        raise TooManyMarks(f"{count:,} pieces of ink")
    return labels


def _stands_out(ink: Ink, labels: np.ndarray, group: Group, stroke: float) -> bool:
    """Return whether a group is darker than its surroundings on all sides.

    The result is False for the edge of a sheet of paper, which is darker than its
    surroundings on one side only (see `_is_edge`). A group is a set of connected
    components. ``labels`` is the label image, and ``stroke`` the stroke width in
    pixels.
    """
    margin = max(2, round(stroke / 4))
    top, left = max(0, group.box.top - margin), max(0, group.box.left - margin)
    box = np.s_[top : group.box.bottom + margin, left : group.box.right + margin]
    own = np.isin(labels[box], group.labels)
    outside = ndimage.maximum_filter(own, 2 * margin + 1) & (labels[box] == 0)
    inside = own & ndimage.maximum_filter(outside, 2 * margin + 1)
    if not inside.any():
        return False
    smooth = ink.smooth[box]
    contrast = float(np.median(smooth[inside]) - np.median(smooth[outside]))
    return contrast >= MIN_CONTRAST and not _is_edge(ink.grey[box], own, outside)


def _is_edge(grey: np.ndarray, own: np.ndarray, outside: np.ndarray) -> bool:
    """Return whether a group is long and thin and lies along the edge of the paper.

    The edge of the paper is darker than the paper on one side of it. But it is not much
    darker than the table on the other side. ``grey`` is the part of the page round the
    group, float32 (h, w). ``own`` and ``outside`` are the masks of the group and of its
    surroundings, bool (h, w).
    """
    if own.shape[0] < own.shape[1]:
        grey, own, outside = grey.T, own.T, outside.T
    rows = own.any(axis=1)
    if np.count_nonzero(rows) < MIN_EDGE_ASPECT * np.count_nonzero(own.any(axis=0)):
        return False
    grey, own, outside = grey[rows], own[rows], outside[rows]
    columns = np.arange(own.shape[1])
    is_left = columns < (own @ columns / own.sum(axis=1))[:, None]
    sides = outside & is_left, outside & ~is_left
    if not all(side.any() for side in sides):
        return False
    contrasts = [np.median(grey[side]) - np.median(grey[own]) for side in sides]
    return bool(min(contrasts) < MIN_SIDE_CONTRAST * max(contrasts))


def _make_mark(
    ink: Ink,
    labels: np.ndarray,
    group: Group,
    cell: Cell | None = None,
    *,
    perhaps_frame: bool = False,
) -> Mark:
    box = np.s_[group.box.top : group.box.bottom, group.box.left : group.box.right]
    own = np.isin(labels[box], group.labels)
    density = ink.density[box]
    level = max(float(np.percentile(density[own], 75)), 1e-6)
    # The ink includes the soft edge of the strokes, which is one pixel wide. Pixels of
    # other marks are left out.
    with_edge = ndimage.maximum_filter(own.view(np.uint8), 3).astype(bool)
    with_edge &= own | (labels[box] == 0)
    is_sheet = _is_sheet(own)
    return Mark(
        group.box.left,
        group.box.top,
        group.box.width,
        group.box.height,
        np.where(with_edge, np.clip(density / level, 0, 1), 0).astype(np.float32),
        unwritten=is_sheet or _is_uneven(ink.smooth[box], own),
        is_sheet=is_sheet,
        perhaps_frame=perhaps_frame,
        cell=cell,
    )


def _is_uneven(smooth: np.ndarray, own: np.ndarray) -> bool:
    core = ndimage.binary_erosion(own)
    if not core.any():
        return False
    low, middle, high = np.percentile(smooth[core], [10, 50, 90])
    if high - low <= MAX_DARKNESS_SPREAD * middle:
        return False
    # A thin stroke consists of soft edges only.
    return stroke_width(own) >= MIN_SPREAD_STROKE


def _is_sheet(own: np.ndarray) -> bool:
    """Return whether a group looks like a light sheet of paper with dark writing.

    On a darker table, such a sheet looks like one thick light stroke with many holes.
    Rough strokes have many holes, too, but they are thinner, except those of a 1.
    ``own`` is the mask of the group, bool (h, w).
    """
    side = min(own.shape)
    if side < MIN_SHEET_SIDE:
        return False
    # The closing removes the ruled lines, which would cut the sheet into strips.
    size = round(MAX_RULING * side) | 1
    padded = np.pad(own, size)
    # For a square, this is faster than scipy.ndimage.binary_closing.
    sheet = ndimage.grey_closing(padded.view(np.uint8), size).view(bool)
    labels, _ = ndimage.label(~sheet)
    is_hole = np.bincount(labels.ravel()) <= MAX_HOLE_SHARE * own.size
    sheet |= is_hole[labels]
    _, count = ndimage.label(sheet & ~padded)
    return count >= MIN_HOLES and stroke_width(sheet) >= MIN_SHEET_THICKNESS * side


def remove_specks(marks: list[Mark]) -> list[Mark]:
    """Return the marks that are not much smaller than the typical mark.

    The size of a mark is its longest side. The typical size is the weighted median of
    all sizes. The weight of a mark is its amount of ink.
    """
    if not marks:
        return []
    sizes = np.array([max(mark.width, mark.height) for mark in marks])
    amounts = np.array([mark.ink.sum() for mark in marks])
    order = np.argsort(sizes)
    cumulative = np.cumsum(amounts[order])
    typical = sizes[order][np.searchsorted(cumulative, cumulative[-1] / 2)]
    min_size = MIN_RELATIVE_SIZE * typical
    return [mark for mark, size in zip(marks, sizes, strict=True) if size >= min_size]


def sort_into_lines(marks: list[Mark]) -> list[list[Mark]]:
    """Return the marks, grouped into lines.

    The lines are sorted from top to bottom, the marks of each line from left to right.

    The marks are assigned to lines from left to right. Each mark joins the line with
    which its vertical overlap is largest. If this overlap is below 40 %, the mark
    starts a new line instead. The overlap with a line is the largest overlap with one
    of the line's last three marks. Earlier marks are ignored, because a line may be
    tilted. The overlap of two marks is a share of the height of the shorter one (see
    `_vertical_overlaps`).
    """
    lines: list[list[Mark]] = []
    extents = np.empty((len(marks), 3, 4), int)  # of the last three marks of each line
    for mark in sorted(marks, key=lambda mark: mark.x + mark.width / 2):
        extent = _vertical_extent(mark)
        overlaps = _vertical_overlaps(extents[: len(lines)], extent)
        if lines and overlaps.max() >= 0.4:
            best = int(overlaps.argmax())
            lines[best].append(mark)
            extents[best, 1:] = extents[best, :2].copy()
            extents[best, 0] = extent
        else:
            extents[len(lines)] = extent  # three times the same mark
            lines.append([mark])
    return sorted(
        lines, key=lambda line: np.mean([mark.y + mark.height / 2 for mark in line])
    )


def _vertical_extent(mark: Mark) -> np.ndarray:
    """Return the top and bottom of a mark, then the top and bottom of its cell.

    The result is int (4,). The last two values are -1 if the mark is not written in a
    cell of a box or grid.
    """
    cell = (mark.cell.box.top, mark.cell.box.bottom) if mark.cell else (-1, -1)
    return np.array([mark.y, mark.y + mark.height, *cell])


def _vertical_overlaps(extents: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """Return how much a mark overlaps vertically with each line of marks.

    The result is (lines,). The overlap with a line is the maximum of the overlaps with
    its last three marks. ``extents`` (lines, 3, 4) holds the `_vertical_extent` of
    these marks. ``extent`` (4,) is the `_vertical_extent` of the mark itself.

    The overlap of two marks is divided by the height of the shorter mark. It is
    negative if there is a gap between the marks. If both marks are written in cells,
    the boxes of their cells are compared instead.
    """
    in_cells = (extents[..., 2:] >= 0) & (extent[2:] >= 0)
    one = np.where(in_cells, extents[..., 2:], extents[..., :2])
    other = np.where(in_cells, extent[2:], extent[:2])
    shared = np.minimum(one, other)[..., 1] - np.maximum(one, other)[..., 0]
    shorter = np.minimum(one[..., 1] - one[..., 0], other[..., 1] - other[..., 0])
    return (shared / shorter).max(axis=1)
