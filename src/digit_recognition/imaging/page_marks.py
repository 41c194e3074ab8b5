"""A mark: an object on a page that may be a digit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from digit_recognition import IMAGE_SIZE

from .boxes import Box
from .cells import Cell
from .ink import stroke_width
from .mnist_format import to_mnist_format

HALF = 0.5
"""Pixels of a mark with more ink than this are its strokes."""


@dataclass(frozen=True)
class Mark:
    """An object on a page that may be a digit: its bounding box and its ink.

    ``x`` and ``y`` are the left column and the top row of the box, in pixels of the
    page. ``ink`` is float32 (height, width) in 0..1, and 0 on paper and on other marks.
    ``placed`` is True if the whole page is an image in MNIST's format already.
    ``unwritten`` is True if no pen can have drawn the mark: its darkness varies more
    than within the strokes of a pen, or ``is_sheet`` is True. ``is_sheet`` is True if
    the mark looks like a sheet of paper with writing on it. ``perhaps_frame`` is True
    if the mark may be a part of a frame or a ruling instead of a digit. ``cell`` is the
    cell of a printed or drawn grid that the mark is written in, or None.
    """

    x: int
    y: int
    width: int
    height: int
    ink: np.ndarray
    placed: bool = False
    unwritten: bool = False
    is_sheet: bool = False
    perhaps_frame: bool = False
    cell: Cell | None = None

    @property
    def box(self) -> Box:
        """The bounding box."""
        return Box(self.y, self.x, self.y + self.height, self.x + self.width)

    @property
    def stroke(self) -> float:
        """The typical stroke width, in pixels."""
        return stroke_width(self.ink > HALF)

    @property
    def field(self) -> np.ndarray:
        """The mark in MNIST's format, float32 (28, 28) in 0..1.

        If ``placed`` is False, the ink is scaled and centred. If ``placed`` is True,
        the page is in MNIST's format already, and the ink keeps its size and position.
        """
        if not self.placed:
            return to_mnist_format(self.ink)
        field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
        field[self.y : self.y + self.height, self.x : self.x + self.width] = self.ink
        return field

    def enlarged(self, factor: int, page: tuple[int, ...]) -> Mark:
        """Return the mark with its bounding box in pixels of the full page.

        The mark was found on a reduced page. ``page`` is the shape (h, w) of the full
        page, which was reduced by ``factor``. ``ink`` and ``cell`` stay in pixels of
        the reduced page.
        """
        x, y = factor * self.x, factor * self.y
        width = min(factor * self.width, page[1] - x)
        height = min(factor * self.height, page[0] - y)
        return replace(self, x=x, y=y, width=width, height=height)


def placed_mark(field: np.ndarray) -> Mark:
    """Return a mark for the digit in an image that has MNIST's format already.

    ``field`` is the image, float32 (28, 28) in 0..1. The mark is cropped to the digit.
    """
    rows, columns = np.nonzero(field)
    top, left = int(rows.min()), int(columns.min())
    ink = field[top : rows.max() + 1, left : columns.max() + 1]
    return Mark(left, top, ink.shape[1], ink.shape[0], ink, placed=True)
