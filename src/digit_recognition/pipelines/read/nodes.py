"""Read the numbers on pictures."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
from pydantic import RootModel

from digit_recognition.csv_safety import escape_cell, escape_name
from digit_recognition.datasets import Picture, Pictures
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.parameters import Parameters
from digit_recognition.recognition.read_parameters import ReadParameters
from digit_recognition.recognition.reader import (
    InferenceSession,
    Line,
    NothingToRead,
    Reader,
    load_reader,
)
from digit_recognition.recognition.reading_tables import (
    DIGIT_COLUMNS,
    READING_COLUMNS,
    digit_rows,
    reading_row,
)

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 1000
"""Number of rows collected as tuples before they are packed into a DataFrame, which
takes less memory."""


class PicturesPath(Parameters, RootModel[str]):
    """The path from which the catalog loads the pictures."""

    model_config = {"extra": None, "strict": True, "frozen": True}


def read_pictures(
    pictures: Pictures,
    model_onnx: InferenceSession,
    path: PicturesPath,  # noqa: ARG001 (the catalog loads the pictures from it)
    parameters: ReadParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return the table of readings, the table of digits, and a summary.

    The table of readings has a row for each line of digits. Columns: picture, line
    (counted from 0 over all pages), number (text), confidence (0..1), accepted ("true"
    or "false") and reason (why the line is not accepted). A picture without digits has
    one row with the reason.

    The table of digits has a row for each digit. Columns: picture, line, position
    (from 0), digit, confidence, and the bounding box x, y, width, height in pixels of
    the picture.

    In both tables, picture names are escaped by ``escape_cell``.

    The summary has the number of pictures for each outcome, the acceptance rule and the
    model. Its entry ``pages`` maps the escaped name of a picture to a list with the
    page (from 0) of each line. Pictures with lines only on the first page have no list.
    """
    from rich.progress import track

    reader = load_reader(model_onnx, **parameters.model_dump())
    rule = reader.rule
    readings = _ChunkedTable(READING_COLUMNS)
    digits = _ChunkedTable(DIGIT_COLUMNS)
    outcomes: Counter[str] = Counter()
    pages: dict[str, list[int]] = {}
    for picture in track(pictures, description="Reading"):
        name = escape_cell(picture.name)
        found = list(_read_lines(picture, reader))
        for number, (line, _, scale, reason, _) in enumerate(found):
            readings.add(*reading_row(name, number, line, reason))
            for row in digit_rows(name, number, line, scale) if line else ():
                digits.add(*row)
        outcomes[_outcome(found)] += 1
        if any(line.page for line in found):
            pages[name] = [line.page for line in found]
    summary = {
        "pictures": len(pictures),
        **{name: outcomes[name] for name in ("read", "set_aside", "not_readable")},
        "files_skipped": pictures.skipped,
        "max_error": parameters.max_error,
        "certainty": parameters.certainty,
        "certain": rule.threshold.guarantees(parameters.max_error),
        "certain_max_error": rule.threshold.max_error,
        "max_number_error": parameters.max_number_error,
        "certain_numbers": rule.guarantees_numbers(parameters.max_number_error),
        "threshold": rule.min_confidence,
        **{
            name: reader.metadata[name]
            for name in ("model_version", "recipe", "dataset")
        },
        "pages": pages,
    }
    return readings.frame(), digits.frame(), summary


class _Reading(NamedTuple):
    """A line of digits, or the reason why no line was read."""

    line: Line | None
    page: int
    scale: int
    reason: str
    readable: bool = True


def _outcome(found: list[_Reading]) -> str:
    if not any(line.readable for line in found):
        return "not_readable"
    return "set_aside" if any(line.reason for line in found) else "read"


def _read_lines(picture: Picture, reader: Reader) -> Iterator[_Reading]:
    """Yield a reading for each line on each page of the picture.

    If no page has a line, yield one reading with the reason. If a page cannot be
    decoded, the last reading gives the reason, and later pages are left out.
    """
    if picture.reason:
        yield _Reading(None, 0, 1, picture.reason, readable=False)
        return
    number, reasons, found = 0, [], False
    try:
        for page in decode(picture.path):
            try:
                for line in reader.read(page.grey):
                    found = True
                    yield _Reading(line, number, page.scale, line.reason)
            except NothingToRead as nothing:
                reasons.append(str(nothing))
            number += 1  # a page that cannot be decoded has a number, too
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
    """A table that is built row by row in chunks, to save memory."""

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
