"""Read a picture, and return lines of digits, table rows and annotated pages."""

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
"""Margin that is kept around the ink of a drawing, as a fraction of the ink's longest
side. The margin is at least MIN_MARGIN pixels."""

MIN_MARGIN = 10

DRAWING_SIDE = 320
"""The longest side of a reduced drawing has at least this number of pixels. A drawing
is reduced by the largest whole factor that meets this limit. A smaller drawing is not
reduced."""


@dataclass(frozen=True)
class PageReading:
    """The lines of digits on one page.

    If the page has no lines, ``reason`` says why. Otherwise ``reason`` is empty.
    ``drawn`` is an image of the page, or None if the page could not be decoded.

    A page may be reduced before it is read. The boxes of the digits are in pixels of
    the reduced page. One of these pixels covers ``scale`` x ``scale`` pixels of the
    picture.
    """

    lines: list[Line]
    reason: str
    scale: int = 1
    drawn: ReducedPage | None = None


@dataclass(frozen=True)
class PictureReading:
    """The readings of a picture's pages. Only a TIFF file can have several pages."""

    pages: list[PageReading]

    @property
    def lines(self) -> list[Line]:
        """The lines of all pages, page by page and from top to bottom."""
        return [line for page in self.pages for line in page.lines]

    @property
    def reasons(self) -> list[str]:
        """The reasons why pages have no lines of digits, one for each such page."""
        return [page.reason for page in self.pages if page.reason]

    def rows(self, picture: str) -> list[dict[str, Any]]:
        """Return the picture's rows for a table like readings.csv of `kedro run`.

        ``picture`` is the name of the picture. The keys of a row are READING_COLUMNS.
        There is one row for each line of digits. For a page that could not be decoded,
        there is one row with the reason. If there are no lines and all pages could be
        decoded, the result is a single row, which says why the first page has no lines.
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
        """Return an image of a page with boxes around its digits.

        ``page`` is the index of the page. The boxes of a number are green if the number
        is accepted, and orange if a person must check it. The longest side of the image
        is 256 to 1,600 pixels. The result is None if the page could not be decoded.
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
    """Return x, y, width and height of a digit's box, in pixels of the picture.

    The box in ``digit`` is in pixels of a reduced page. One of these pixels covers
    ``scale`` x ``scale`` pixels of the picture.
    """
    mark = digit.mark
    return mark.x * scale, mark.y * scale, mark.width * scale, mark.height * scale


def read_file(file: BinaryIO, reader: Reader, max_pixels: int) -> PictureReading:
    """Read all pages of a picture.

    ``max_pixels`` limits the total number of pixels of all pages. If the first page
    cannot be decoded, UnreadablePicture is raised. If a later page cannot be decoded,
    reading stops there. The result then ends with a PageReading without lines, whose
    ``reason`` says why. Raises TooSlow if the time limit set with `time_limit` has
    passed.
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
    """Read a drawing on a plain background.

    A large drawing is reduced first. Every pixel that differs from the top left pixel
    counts as ink. Only the part of the drawing with ink is read, which takes a quarter
    of the time of `read_page`.
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
    """Read a page. The result has its lines, or the reason why there are none."""
    drawn = reduce_page(page)
    try:
        return PageReading(reader.read(page.grey), "", page.scale, drawn)
    except NothingToRead as nothing:
        return PageReading([], str(nothing), page.scale, drawn)
