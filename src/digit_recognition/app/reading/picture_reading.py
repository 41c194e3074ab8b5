"""What was read on a picture: lines of digits, table rows and annotated pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from digit_recognition.csv_safety import escape_cell
from digit_recognition.imaging.decoding import Page, UnreadablePicture, decode
from digit_recognition.imaging.ink import resized
from digit_recognition.plotting.page_drawing import DigitBox, ReducedPage, reduce_page
from digit_recognition.recognition.lines import Digit, Line
from digit_recognition.recognition.reader import NothingToRead, Reader
from digit_recognition.recognition.reading_tables import READING_COLUMNS, reading_row

from .limits import TooSlow, check_time

MARGIN = 0.25
"""Background that is kept around a drawing, as a share of its longest side."""

MIN_MARGIN = 10

DRAWING_SIDE = 320
"""Drawings whose longest side is at least twice this, in pixels, are reduced to it."""


@dataclass(frozen=True)
class PageReading:
    """What was read on one page.

    ``reason`` says why the page has no lines; otherwise it is empty. One pixel of the
    page is ``scale`` pixels of the picture. ``drawn`` is None if the page could not be
    decoded.
    """

    lines: list[Line]
    reason: str
    scale: int = 1
    drawn: ReducedPage | None = None


@dataclass(frozen=True)
class PictureReading:
    """What was read on the pages of a picture. Only a TIFF has more than one page."""

    pages: list[PageReading]

    @property
    def lines(self) -> list[Line]:
        """The lines of all pages, from top to bottom."""
        return [line for page in self.pages for line in page.lines]

    @property
    def reasons(self) -> list[str]:
        """Why pages have no lines, one reason for each such page."""
        return [page.reason for page in self.pages if page.reason]

    def rows(self, picture: str) -> list[dict[str, Any]]:
        """Return the picture's rows for the readings table, as `kedro run` writes them.

        ``picture`` is the name of the picture. If the picture has no lines, its only
        row gives the reason. A page that could not be decoded also gets a row with the
        reason.
        """
        name = escape_cell(picture)
        found: list[tuple[Line | None, str]] = [
            entry
            for page in self.pages
            for entry in (
                *((line, line.reason) for line in page.lines),
                *([(None, page.reason)] if page.drawn is None else []),
            )
        ]
        found = found or [(None, self.reasons[0])]
        return [
            dict(
                zip(
                    READING_COLUMNS,
                    reading_row(name, number, line, reason),
                    strict=True,
                )
            )
            for number, (line, reason) in enumerate(found)
        ]

    def annotated(self, page: int = 0) -> Image.Image | None:
        """Return the page with boxes around its digits, at most 1,600 pixels long.

        The boxes are green if the number is accepted, orange if a person must check
        it. The result is None for a page that could not be decoded.
        """
        reading = self.pages[page]
        if reading.drawn is None:
            return None
        return reading.drawn.draw(
            DigitBox(*box_of(digit, reading.scale), digit.digit, digit.confidence, ok)
            for line in reading.lines
            for ok in [not line.reason]
            for digit in line.digits
        )


def box_of(digit: Digit, scale: int) -> tuple[int, int, int, int]:
    """Return x, y, width and height of a digit, in pixels of the picture."""
    mark = digit.mark
    return mark.x * scale, mark.y * scale, mark.width * scale, mark.height * scale


def read_file(file: BinaryIO, reader: Reader, max_pixels: int) -> PictureReading:
    """Read all pages of a picture.

    Raises UnreadablePicture if the first page cannot be decoded. If a later page cannot
    be decoded, it becomes the last page of the reading, with the reason.
    """
    return PictureReading(list(_read_pages(file, reader, max_pixels)))


def _read_pages(
    file: BinaryIO, reader: Reader, max_pixels: int
) -> Iterator[PageReading]:
    is_first = True
    try:
        for page in decode(file, max_pixels):
            check_time()
            yield read_page(page, reader)
            is_first = False
    except TooSlow:
        raise
    except UnreadablePicture as unreadable:
        if is_first:
            raise
        yield PageReading([], str(unreadable))


def read_drawing(page: Page, reader: Reader) -> PageReading:
    """Read a drawing on a plain background, at a reduced size.

    Only the part with ink is looked at. This takes a quarter of `read_page`'s time.
    """
    factor = max(1, max(page.grey.shape) // DRAWING_SIDE)
    shape = tuple(-(-side // factor) for side in page.grey.shape)
    grey = resized(page.grey, shape, Image.Resampling.BOX)
    ink = grey != grey[0, 0]
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return read_page(page, reader)
    margin = max(MIN_MARGIN, int(max(np.ptp(rows), np.ptp(columns)) * MARGIN))
    top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
    cut = grey[top : rows[-1] + margin + 1, left : columns[-1] + margin + 1]
    reading = read_page(Page(np.ascontiguousarray(cut), factor * page.scale), reader)
    lines = [
        replace(line, digits=[_moved(digit, left, top) for digit in line.digits])
        for line in reading.lines
    ]
    return replace(reading, lines=lines, drawn=reduce_page(page))


def _moved(digit: Digit, x: int, y: int) -> Digit:
    mark = digit.mark
    return replace(digit, mark=replace(mark, x=int(mark.x + x), y=int(mark.y + y)))


def read_page(page: Page, reader: Reader) -> PageReading:
    """Read one page."""
    drawn = reduce_page(page)
    try:
        return PageReading(reader.read(page.grey), "", page.scale, drawn)
    except NothingToRead as nothing:
        return PageReading([], str(nothing), page.scale, drawn)
