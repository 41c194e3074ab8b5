"""Bounding boxes on a page, in pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle of pixels.

    ``top`` and ``left`` are the first row and column inside it. ``bottom`` and
    ``right`` are the first row and column after it.
    """

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of_slices(cls, slices: tuple[slice, slice]) -> Box:
        """Return the box of one object found by ``scipy.ndimage.find_objects``.

        ``slices`` are the slices of its rows and columns.
        """
        rows, columns = slices
        return cls(rows.start, columns.start, rows.stop, columns.stop)

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of the middle of the box, rounded down."""
        return (self.top + self.bottom) // 2, (self.left + self.right) // 2

    @property
    def longest(self) -> int:
        """The height or the width, whichever is longer, in pixels."""
        return max(self.height, self.width)

    @property
    def area(self) -> int:
        """Number of pixels in the box."""
        return self.height * self.width


def enclosing(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that encloses all boxes.

    >>> enclosing([Box(0, 0, 2, 2), Box(1, 5, 3, 8)])
    Box(top=0, left=0, bottom=3, right=8)
    """
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return Box(min(tops), min(lefts), max(bottoms), max(rights))
