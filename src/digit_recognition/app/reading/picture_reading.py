"""Read a picture into lines of digits, table rows and annotated pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from digit_recognition.datasets.csv_safety import escape_cell
from digit_recognition.imaging.decoding import Page, UnreadablePicture, decode
from digit_recognition.imaging.ink import resized
from digit_recognition.plotting.page_drawing import DigitBox, ReducedPage, reduce_page
from digit_recognition.recognition.lines import Digit, Line
from digit_recognition.recognition.reader import NothingToRead, Reader
from digit_recognition.recognition.reading_tables import READING_COLUMNS, reading_row

from .limits import TooSlow, check_time

MARGIN = 0.25
"""Background that is kept around the ink of a drawing, as a share of the ink's longest
side. It is at least MIN_MARGIN pixels."""

MIN_MARGIN = 10

DRAWING_SIDE = 320
"""A drawing is reduced by the largest whole factor that leaves its longest side at
least this many pixels."""


@dataclass(frozen=True)
class PageReading:
    """The lines of digits on one page.

    ``reason`` says why the page has no lines; otherwise it is empty. The boxes of the
    digits are in pixels of the page. One pixel of the page covers ``scale`` x ``scale``
    pixels of the picture. ``drawn`` is an image of the page, or None if the page could
    not be decoded.
    """

    lines: list[Line]
    reason: str
    scale: int = 1
    drawn: ReducedPage | None = None


@dataclass(frozen=True)
class PictureReading:
    """The readings of a picture's pages; only a TIFF file has more than one page."""

    pages: list[PageReading]

    @property
    def lines(self) -> list[Line]:
        """The lines of all pages, from top to bottom."""
        return [line for page in self.pages for line in page.lines]

    @property
    def reasons(self) -> list[str]:
        """For each page without lines, the reason why it has none."""
        return [page.reason for page in self.pages if page.reason]

    def rows(self, picture: str) -> list[dict[str, Any]]:
        """Return the picture's rows in the table of readings that `kedro run` writes.

        The keys of a row are READING_COLUMNS. ``picture`` is the name of the picture.
        If the picture has no lines, its only row gives the reason. A page that could
        not be decoded also gets a row with the reason.
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
        """Return a page with boxes around its digits, 256 to 1,600 pixels long.

        ``page`` is its index. The boxes are green if the number is accepted, and orange
        if a person must check it. The result is None if the page could not be decoded.
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
    """Return x, y, width and height of a digit's box, in pixels of the picture."""
    mark = digit.mark
    return mark.x * scale, mark.y * scale, mark.width * scale, mark.height * scale


def read_file(file: BinaryIO, reader: Reader, max_pixels: int) -> PictureReading:
    """Read all pages of a picture.

    Raises UnreadablePicture if the first page cannot be decoded, and TooSlow after the
    time limit. If a later page cannot be decoded, reading ends there: the last page of
    the result has the reason and no lines.
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

    The background has the colour of the top left pixel. Only the part with ink is read,
    which takes a quarter of the time of `read_page`.
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
    """Return the lines of a page, or the reason why it has none."""
    drawn = reduce_page(page)
    try:
        return PageReading(reader.read(page.grey), "", page.scale, drawn)
    except NothingToRead as nothing:
        return PageReading([], str(nothing), page.scale, drawn)
