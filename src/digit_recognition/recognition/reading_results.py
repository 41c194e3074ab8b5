"""Read the numbers on many pictures, and collect the results in tables."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pandas as pd

from digit_recognition.datasets import Picture
from digit_recognition.datasets.csv_safety import escape_cell, escape_name
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.recognition.reader import Line, NothingToRead, Reader
from digit_recognition.recognition.reading_tables import (
    DIGIT_COLUMNS,
    READING_COLUMNS,
    digit_rows,
    reading_row,
)

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 1000
"""Rows of a table are first collected as tuples. Whenever there are this many tuples,
they are converted to a DataFrame, which takes less memory."""


class ReadingResults(NamedTuple):
    """The numbers and digits read on pictures, and counts of the outcomes.

    ``readings`` has the columns READING_COLUMNS, and ``digits`` the columns
    DIGIT_COLUMNS. ``counts`` has seven keys:

    - ``pictures``: all pictures. Each picture also counts in one of the next three
      keys.
    - ``read``: pictures whose numbers are all accepted.
    - ``set_aside``: pictures that a person should check. They have no digits, or a
      number that is not accepted, or an error occurred after some numbers were read.
    - ``not_readable``: pictures without any result because of an error, such as
      pictures that cannot be decoded.
    - ``numbers``: the numbers read.
    - ``accepted``: the numbers accepted.
    - ``stray_marks``: marks of a digit's size that are in no number, such as signs,
      letters and stray strokes.

    ``pages`` tells from which page (counted from 0) each row of ``readings`` comes. It
    maps the name of a picture, as escaped by ``escape_cell``, to a list of page
    numbers, one for each of the picture's rows. A picture is left out if all of its
    rows come from page 0.
    """

    readings: pd.DataFrame
    digits: pd.DataFrame
    counts: Counter[str]
    pages: dict[str, list[int]]


def read_all(
    pictures: Iterable[Picture],
    reader: Reader,
    show_page: Callable[[int], None] = lambda page: None,  # noqa: ARG005 (a callback)
) -> ReadingResults:
    """Read the pictures in order and return the results.

    In the results, the names of the pictures are escaped by ``escape_cell``. Before
    each page is read, ``show_page`` is called with the page's index, which starts at 0
    in each picture.
    """
    readings = _ChunkedTable(READING_COLUMNS)
    digits = _ChunkedTable(DIGIT_COLUMNS)
    counts: Counter[str] = Counter()
    pages: dict[str, list[int]] = {}
    for picture in pictures:
        name = escape_cell(picture.name)
        found = list(_read_lines(picture, reader, show_page))
        for number, reading in enumerate(found):
            line = reading.line
            readings.add(*reading_row(name, number, line, reading.reason))
            for row in digit_rows(name, number, line, reading.scale) if line else ():
                digits.add(*row)
            counts["numbers"] += bool(line and line.number)
            counts["accepted"] += not reading.reason
            counts["stray_marks"] += reading.stray_marks
        counts["pictures"] += 1
        counts[_outcome(found)] += 1
        if any(line.page for line in found):
            pages[name] = [line.page for line in found]
    return ReadingResults(readings.frame(), digits.frame(), counts, pages)


class _Reading(NamedTuple):
    """A line of digits, or the reason why no line was read.

    - ``page``: the index of the page in the picture, from 0.
    - ``scale``: one pixel of the page covers ``scale`` x ``scale`` pixels of the
      picture.
    - ``reason``: why the line was not accepted or not read. It is empty if the line is
      accepted.
    - ``readable``: False after an error, such as a page that cannot be decoded.
    - ``stray_marks``: the number of marks in no line. Only the first line of a page
      has it; it is 0 for the others.
    """

    line: Line | None
    page: int
    scale: int
    reason: str
    readable: bool = True
    stray_marks: int = 0


def _outcome(found: list[_Reading]) -> str:
    if not any(line.readable for line in found):
        return "not_readable"
    return "set_aside" if any(line.reason for line in found) else "read"


def _read_lines(
    picture: Picture, reader: Reader, show_page: Callable[[int], None]
) -> Iterator[_Reading]:
    """Yield one ``_Reading`` for each line of digits on each page of the picture.

    If no line is found on any page, the only ``_Reading`` has no line and gives the
    reason. If the picture cannot be opened, or if a page cannot be decoded or read, the
    last ``_Reading`` gives the reason, and later pages are left out.
    """
    if picture.reason:
        yield _Reading(None, 0, 1, picture.reason, readable=False)
        return
    number, reasons, found = 0, [], False
    try:
        for page in decode(picture.source):
            show_page(number)
            try:
                lines, strays = reader.read_page(page.grey)
                for line in lines:
                    found = True
                    yield _Reading(
                        *(line, number, page.scale, line.reason), stray_marks=strays
                    )
                    strays = 0
            except NothingToRead as nothing:
                reasons.append(str(nothing))
            number += 1  # even if the next page cannot be decoded
    except UnreadablePicture as unreadable:
        yield _Reading(None, number, 1, str(unreadable), readable=False)
        return
    except Exception as error:  # the other pictures are still read
        logger.warning("%s could not be read", escape_name(picture.name))
        logger.debug("Traceback of the error", exc_info=True)
        reason = f"could not be read ({type(error).__name__}, see the log)"
        yield _Reading(None, number, 1, reason, readable=False)
        return
    if not found:
        yield _Reading(None, 0, 1, reasons[0])


class _ChunkedTable:
    """A table to which rows are added one by one, kept in chunks to save memory."""

    def __init__(self, columns: tuple[str, ...]):
        self._columns = columns
        self._rows: list[tuple] = []
        self._frames: list[pd.DataFrame] = []

    def add(self, *row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS_PER_CHUNK:
            self._pack()

    def frame(self) -> pd.DataFrame:
        self._pack()
        return pd.concat(self._frames, ignore_index=True)

    def _pack(self) -> None:
        if self._frames and not self._rows:
            return  # an empty chunk would change the column types
        self._frames.append(pd.DataFrame(self._rows, columns=self._columns))
        self._rows = []
