"""Group the connected components of a mask into digits, and recognize rulings.

A ruling is a thin line across the whole page, as on lined paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .boxes import Box, enclosing
from .work import check_pairs

MIN_RULING_SPAN = 0.85
"""Minimum length of a ruling (a line of lined paper), as a share of the page's width or
height."""

MIN_TALL = 0.55
"""Minimum height of a tall component (the main part of a digit), as a share of the
height of its line of text."""

MAX_BROKEN_PARTS = 10
"""Maximum number of connected components of a broken digit. A broken digit has gaps in
its strokes."""

MAX_BROKEN_HEIGHT = 1.6
"""Maximum height of a broken digit (a digit with gaps in its strokes), as a multiple of
the typical height that `_max_height_of_broken` computes."""

MIN_CLUSTERS = 5
"""Minimum number of clusters on a page. If there are fewer, the median height of the
clusters is not used to estimate the typical height of a digit. A cluster consists of
connected components that are near one another."""


MAX_HAIRLINE = 0.4
"""Maximum width of a hairline, as a multiple of the page's stroke width. On pages with
boxes and grids, hairlines are pieces of their lines."""


@dataclass(eq=False)
class Group:
    """Connected components that form one object.

    ``labels`` lists the components' numbers. The label image has the value n on the
    pixels of component n. ``box`` encloses all components, and ``area`` is their total
    number of pixels.
    """

    labels: list[int]
    box: Box
    area: int

    def add(self, other: Group) -> None:
        """Add the components of another group to this one."""
        self.labels += other.labels
        self.box = enclosing([self.box, other.box])
        self.area += other.area


def group_components(
    mask: np.ndarray, labels: np.ndarray, stroke: float
) -> list[Group]:
    """Group the connected components so that each group may be one digit.

    ``mask`` is bool (h, w), and ``labels`` is its label image. ``stroke`` is the stroke
    width in pixels.

    - Components with fewer than 2 pixels, or fewer than 0.6 x ``stroke`` x ``stroke``
      pixels, are left out.
    - Small components join a tall component nearby (see MIN_TALL).
    - Tall components side by side stay separate.
    - Two to MAX_BROKEN_PARTS neighbouring components may form one digit with gaps in
      its strokes, if none of them is tall.
    """
    areas = np.bincount(labels.ravel())
    groups = [
        Group([number], Box.of_slices(box), area)
        for number, (box, area) in enumerate(
            zip(ndimage.find_objects(labels), areas[1:], strict=True), start=1
        )
    ]
    groups = [group for group in groups if group.area >= max(2, 0.6 * stroke**2)]
    if not groups:
        return []
    largest = max(groups, key=lambda group: group.area)
    reach = max(1, round(1.5 * stroke), round(0.02 * largest.box.height))
    dilated = ndimage.maximum_filter(mask.view(np.uint8), 2 * reach + 1)
    clusters, _ = ndimage.label(dilated)
    neighbours: dict[int, list[Group]] = {}
    for group in groups:
        row = labels[group.box.top, group.box.left : group.box.right]
        column = group.box.left + int(np.argmax(row == group.labels[0]))
        neighbours.setdefault(clusters[group.box.top, column], []).append(group)
    check_pairs(map(len, neighbours.values()))
    max_height = _max_height_of_broken(list(neighbours.values()))
    digits = [
        digit
        for near in neighbours.values()
        for digit in _group_nearby(near, stroke, max_height)
    ]
    return _attach_bars(digits)


def _max_height_of_broken(clusters: list[list[Group]]) -> float:
    """Return the maximum height of a broken digit on a page, in pixels.

    A broken digit has gaps in its strokes, so it may consist of several groups. Each
    cluster is a list of groups that are near one another. The result is
    MAX_BROKEN_HEIGHT times the smaller of two medians, both weighted by ink area:

    - The median height of the clusters. It is about the height of a digit, because most
      clusters are single digits or lines of digits. It is ignored on pages with fewer
      than MIN_CLUSTERS clusters.
    - The median height of the groups. It is the better measure if the lines of text are
      so close to each other that a cluster contains several lines. It is ignored on
      pages with at most MAX_BROKEN_PARTS groups, because these may be the parts of one
      digit.

    If both medians are ignored, the result is infinite.
    """
    singles = [[group] for near in clusters for group in near]
    limits = [np.inf]
    for objects, minimum in ((clusters, MIN_CLUSTERS), (singles, MAX_BROKEN_PARTS + 1)):
        if len(objects) >= minimum:
            heights = [enclosing(g.box for g in near).height for near in objects]
            areas = [sum(g.area for g in near) for near in objects]
            typical = np.quantile(heights, 0.5, weights=areas, method="inverted_cdf")
            limits.append(MAX_BROKEN_HEIGHT * float(typical))
    return min(limits)


def _attach_bars(groups: list[Group]) -> list[Group]:
    """Merge flat groups into the tall groups just below them; return the groups left.

    A flat group, such as the bar of a 5, has less than 30 % of the tall group's height.
    """
    kept: list[Group] = []
    boxes = np.empty((len(groups), 4), int)  # of the kept groups
    for group in sorted(groups, key=lambda group: -group.box.height):
        top, left, bottom, right = boxes[: len(kept)].T
        height, width, box = bottom - top, right - left, group.box
        gap = top - box.bottom
        shared = np.minimum(right, box.right) - np.maximum(left, box.left)
        below = np.flatnonzero(
            (box.height < 0.3 * height)
            & (shared / np.minimum(width, box.width) >= 0.5)
            & (gap >= 0)
            & (gap <= 0.2 * height)
        )
        if below.size:
            place = below[0]
            kept[place].add(group)
        else:
            place = len(kept)
            kept.append(group)
        boxes[place] = kept[place].box
    return kept


def _group_nearby(groups: list[Group], stroke: float, max_height: float) -> list[Group]:
    """Merge nearby groups into digits, and return one group per digit.

    The groups are near one another. ``stroke`` is the stroke width in pixels. A digit
    with gaps in its strokes may be at most ``max_height`` pixels high.
    """
    above, below = _split_lines(groups, stroke)
    if above:
        return [
            *_group_nearby(above, stroke, max_height),
            *_group_nearby(below, stroke, max_height),
        ]
    height = max(g.box.bottom for g in groups) - min(g.box.top for g in groups)
    width = max(g.box.right for g in groups) - min(g.box.left for g in groups)
    groups = sorted(groups, key=lambda group: -group.area)
    if not any(group.box.height >= MIN_TALL * height for group in groups):
        may_be_broken = height <= max_height and width <= 1.2 * height
        if may_be_broken and len(groups) <= MAX_BROKEN_PARTS:
            first, *others = groups
            for other in others:
                first.add(other)
            return [first]
        # These are several lines of text that are not straight or touch each other.
        height = round(np.median([group.box.height for group in groups]))
    tall = [group for group in groups if group.box.height >= MIN_TALL * height]
    digits: list[Group] = []
    for group in tall:
        closest = max(
            (
                digit
                for digit in digits
                if _height_together(digit, group) <= 1.4 * height
            ),
            key=lambda digit: _horizontal_overlap(digit, group),
            default=None,
        )
        if closest and _horizontal_overlap(closest, group) >= 0.6:
            closest.add(group)
        else:
            digits.append(group)
    separate = []
    for group in groups:
        if group in tall:
            continue
        nearest = min(digits, key=lambda digit: _distance(digit, group))
        is_too_high = _height_together(nearest, group) > max_height
        if not is_too_high and _belongs_to(nearest, group, stroke):
            nearest.add(group)
        else:
            separate.append(group)
    return digits + separate


def _split_lines(groups: list[Group], stroke: float) -> tuple[list[Group], list[Group]]:
    """Split the groups into two lines of text at a horizontal band without ink.

    The first list holds the groups above the band, the second list the groups below.
    The band is higher than 1.5 stroke widths, and each line has at least 35 % of the
    total height. Both lists are empty if there is no such band.
    """
    groups = sorted(groups, key=lambda group: group.box.top)
    top, bottom = groups[0].box.top, max(group.box.bottom for group in groups)
    min_height = 0.35 * (bottom - top)
    line_bottom = top
    for count, group in enumerate(groups):
        if (
            count
            and group.box.top - line_bottom > 1.5 * stroke
            and line_bottom - top >= min_height
            and bottom - group.box.top >= min_height
        ):
            return groups[:count], groups[count:]
        line_bottom = max(line_bottom, group.box.bottom)
    return [], []


def _belongs_to(tall: Group, small: Group, stroke: float) -> bool:
    """Return whether a small group may be part of the tall digit nearest to it.

    A small group above or below the digit may be part of it. A small group beside the
    digit may be part of it under two conditions:

    - The small group is flat, or it is close to the digit.
    - The small group and the digit together are not wider than a digit.
    """
    if _horizontal_overlap(tall, small) >= 0.5:
        return True
    gap = max(tall.box.left, small.box.left) - min(tall.box.right, small.box.right)
    width = max(tall.box.right, small.box.right) - min(tall.box.left, small.box.left)
    if small.box.height < 0.4 * tall.box.height:  # flat, such as the bar of a 5
        height = max(tall.box.bottom, small.box.bottom) - min(
            tall.box.top, small.box.top
        )
        return width <= 1.3 * height
    return gap <= 1.2 * stroke and width <= 0.95 * tall.box.height


def is_ruling(group: Group, mask: np.ndarray) -> bool:
    """Return whether a group is a thin line across almost the whole page."""
    length = max(group.box.width, group.box.height)
    spans_page = group.box.width >= MIN_RULING_SPAN * mask.shape[1] or (
        group.box.height >= MIN_RULING_SPAN * mask.shape[0]
    )
    return (
        spans_page
        and group.area < 0.06 * length**2
        and min(group.box.width, group.box.height) < 0.15 * length
    )


def is_ruling_fragment(group: Group, mask: np.ndarray, stroke: float) -> bool:
    """Return whether a group is a thin piece of a ruling.

    A ruling is a line across the page, as on lined paper. A group is taken for a piece
    of a ruling if it is thinner than half of ``stroke`` and lies at the page's border.
    ``mask`` is the mask of the page's strokes, bool (h, w). ``stroke`` is the stroke
    width in pixels.
    """
    height, width = mask.shape
    margins = (
        group.box.top,
        group.box.left,
        height - group.box.bottom,
        width - group.box.right,
    )
    is_thin = min(group.box.width, group.box.height) < 0.5 * stroke
    return (
        min(margins) <= 1
        and is_thin
        and group.area < 0.5 * stroke * max(group.box.width, group.box.height)
    )


def is_hairline(group: Group, stroke: float) -> bool:
    """Return whether a group is an upright or level line, far thinner than the strokes.

    ``stroke`` is the stroke width in pixels.
    """
    return min(group.box.width, group.box.height) <= MAX_HAIRLINE * stroke


def _height_together(one: Group, other: Group) -> int:
    return max(one.box.bottom, other.box.bottom) - min(one.box.top, other.box.top)


def _horizontal_overlap(one: Group, other: Group) -> float:
    """Return the horizontal overlap divided by the width of the narrower group.

    The result is negative if there is a horizontal gap between the groups.
    """
    shared = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
    return shared / min(one.box.width, other.box.width)


def _distance(one: Group, other: Group) -> float:
    """Return the horizontal gap plus 0.3 times the vertical gap of two groups.

    Both gaps are in pixels. A horizontal overlap counts as a negative gap, and a
    vertical overlap counts as a gap of 0.
    """
    across = max(one.box.left, other.box.left) - min(one.box.right, other.box.right)
    down = max(one.box.top, other.box.top) - min(one.box.bottom, other.box.bottom)
    return across + 0.3 * max(0, down)
