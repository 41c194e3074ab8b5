"""Draw the recognized digits onto the pictures, so that a person can check them."""

from __future__ import annotations

from bisect import bisect
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageOps

from digit_recognition.cluster import require_packages
from digit_recognition.datasets import Picture, Pictures, SharedFolder
from digit_recognition.datasets.csv_safety import escape_cell
from digit_recognition.datasets.picture_folder import PictureFolder
from digit_recognition.imaging.decoding import Page, UnreadablePicture, decode
from digit_recognition.plotting.page_drawing import (
    ACCEPTED_COLOUR,
    MIN_SIDE,
    REVIEW_COLOUR,
    WHITE,
    DigitBox,
    Font,
    font,
    reduce_page,
)
from digit_recognition.recognition.read_parameters import ReadParameters

from .picture_progress import TrackedPictures

Annotated = Iterator[tuple[str, Image.Image]] | Callable[[PictureFolder], None]

TILE_SIDE = 240
TILE_MARGIN = 6
TILE_TEXT_WIDTH = TILE_SIDE - 2 * TILE_MARGIN
SHEET_COLUMNS, SHEET_ROWS = 5, 6


def annotate_pictures(
    pictures: Pictures,
    readings: pd.DataFrame,
    digits: pd.DataFrame,
    reading_summary: dict[str, Any],
    parameters: ReadParameters,
    reading_partitions: SharedFolder | None = None,
) -> Annotated:
    """Return the annotated pictures and overview sheets as pairs (name, image).

    Examples of names are ``pictures/a.png`` and ``sheets/0001``. Each picture has boxes
    around its digits. A box is green if the number is accepted, and orange if a person
    must check the number. A file of several pages gives one annotated image for each
    page that has a row in ``readings``. A page that cannot be decoded gives no image.

    A sheet is an overview of up to 30 pages. Below each page, the sheet shows the
    recognized numbers. If some numbers of the page are not accepted, the sheet also
    shows the reason for the first of them.

    ``readings`` and ``digits`` are the tables that ``read_pictures`` returns, after the
    catalog has saved them as CSV files and loaded them. Loading converts the column
    ``accepted`` from text to bool. If pictures were added to the folder after
    ``read_pictures`` ran, they have no rows in ``readings`` and are left out.

    If the workers of a cluster read the pictures, they also draw them. In this case,
    the result is a function that takes the target folder. When the function is called,
    it divides the list of pictures into parts, and the workers draw these parts. The
    images of each part are saved in a subfolder of the target folder.
    ``reading_partitions`` is the folder in which ``read_pictures`` saved the rows of
    both tables.
    """
    if (
        parameters.scheduler is not None
        and reading_partitions is not None
        and "parquet" in reading_summary
    ):
        require_packages()
        from digit_recognition.cluster.drawing import draw_on_cluster

        place = reading_partitions._replace(path=reading_summary["parquet"])
        return partial(draw_on_cluster, pictures, _draw_all, parameters, place)
    # annotate_pictures must not be a generator function. Otherwise, Kedro would call
    # ``save`` once for each image, and the second call would fail because the folder
    # exists. PictureFolderDataset.save takes the whole iterator and draws one image at
    # a time.
    tracked = TrackedPictures(pictures, "Drawing")
    pages = reading_summary["pages"]
    return _draw_all(tracked, readings, digits, pages, tracked.show_page)


def _draw_all(
    pictures: Iterable[Picture],
    readings: pd.DataFrame,
    digits: pd.DataFrame,
    pages: dict[str, list[int]],
    show_page: Callable[[int], None] = lambda page: None,  # noqa: ARG005 (a callback)
) -> Iterator[tuple[str, Image.Image]]:
    lines_of, digits_of = _RowsByPicture(readings), _RowsByPicture(digits)
    tiles: list[Image.Image] = []
    sheets = count(1)
    for picture in pictures:
        name = escape_cell(picture.name)
        lines = lines_of[name]
        if not lines:
            continue
        page_of = pages.get(name, [0] * len(lines))
        for number, page in _pages(picture, set(page_of)):
            show_page(number)
            here = [line for line in lines if page_of[line.line] == number]
            boxes = [d for d in digits_of[name] if page_of[d.line] == number]
            title = f" page {number + 1}" if number else ""
            if page is not None:
                drawn = _draw(page, here, boxes)
                yield f"pictures/{picture.name}{title}", drawn
            else:
                drawn = Image.new("RGB", (MIN_SIDE, MIN_SIDE // 2), (235, 235, 235))
            tiles.append(_tile(drawn, f"{name}{title}", here))
            if len(tiles) == SHEET_COLUMNS * SHEET_ROWS:
                yield f"sheets/{next(sheets):04}", _sheet(tiles)
                tiles = []
    if tiles:
        yield f"sheets/{next(sheets):04}", _sheet(tiles)


class _RowsByPicture:
    """Finds the rows of a picture by its name, and returns them as named tuples.

    The rows of a picture are consecutive. Usually, pictures are requested in the
    table's order, so a picture's rows start where the rows of the previous picture end.
    If they do not start there, the whole table is searched. Splitting the table into
    one table per picture would take more memory: 200 MB for 20,000 pictures.
    """

    def __init__(self, table: pd.DataFrame):
        # mypy wants a literal, but the columns are known only at run time.
        self._row: Any = namedtuple("Row", table.columns)  # type: ignore[misc] # not a literal
        self._columns = [table[name].to_numpy() for name in table]
        self._pictures = table["picture"].to_numpy()
        self._next = 0

    def __getitem__(self, picture: str) -> list[Any]:
        start = self._next
        if start == len(self._pictures) or self._pictures[start] != picture:
            found = np.flatnonzero(self._pictures == picture)
            if not found.size:
                return []
            start = int(found[0])
        end = start
        while end < len(self._pictures) and self._pictures[end] == picture:
            end += 1
        self._next = end
        return [
            self._row(*(column[number] for column in self._columns))
            for number in range(start, end)
        ]


def _pages(picture: Picture, wanted: set[int]) -> Iterator[tuple[int, Page | None]]:
    """Yield a pair (number, page) for each wanted page.

    ``wanted`` holds the numbers of the wanted pages, counted from 0. If a page cannot
    be decoded, None is yielded instead of this page and of all later pages.
    """
    last = -1
    try:
        for number, page in enumerate(() if picture.reason else decode(picture.source)):
            if number in wanted:
                last = number
                yield number, page
    except UnreadablePicture:
        pass
    yield from ((number, None) for number in sorted(wanted) if number > last)


def _draw(page: Page, lines: list[Any], digits: list[Any]) -> Image.Image:
    accepted = {line.line: line.accepted for line in lines}
    boxes = [
        DigitBox(
            *(digit.x, digit.y, digit.width, digit.height),
            *(digit.digit, digit.confidence, accepted[digit.line]),
        )
        for digit in digits
    ]
    return reduce_page(page).draw(boxes)


def _tile(drawn: Image.Image, name: str, lines: list[Any]) -> Image.Image:
    tile = Image.new("RGB", (TILE_SIDE, TILE_SIDE), WHITE)
    # HAMMING is as sharp as the default filter in half the time.
    size = (TILE_TEXT_WIDTH, TILE_SIDE - 78)
    fitted = ImageOps.contain(drawn, size, Image.Resampling.HAMMING)
    tile.paste(fitted, ((TILE_SIDE - fitted.width) // 2, TILE_MARGIN))
    draw = ImageDraw.Draw(tile)
    colour = ACCEPTED_COLOUR if all(line.accepted for line in lines) else REVIEW_COLOUR
    numbers = "  ".join(line.number for line in lines)
    reason = next((line.reason for line in lines if line.reason), "")
    for y, font_size, text, fill in (
        (TILE_SIDE - 68, 22, numbers or "nothing read", colour),
        (TILE_SIDE - 40, 12, reason, colour),
        (TILE_SIDE - 22, 12, name, (90, 90, 90)),
    ):
        face = font(font_size)
        draw.text((TILE_MARGIN, y), _shorten(text, face), font=face, fill=fill)
    draw.rectangle([0, 0, TILE_SIDE - 1, TILE_SIDE - 1], outline=colour, width=2)
    return tile


def _shorten(text: str, face: Font) -> str:
    """Return the text in one line; cut it if it is wider than a tile of the sheet.

    A cut text ends with an ellipsis.
    """
    text = text.replace("\n", " ")
    if face.getlength(text) <= TILE_TEXT_WIDTH:
        return text
    # For 4,000 digits: 0.08 s; cutting letter by letter took 44 s.
    length = bisect(
        range(1, len(text)),
        False,
        key=lambda length: face.getlength(f"{text[:length]}…") > TILE_TEXT_WIDTH,
    )
    return f"{text[:length]}…"


def _sheet(tiles: list[Image.Image]) -> Image.Image:
    gap = 8
    rows = -(-len(tiles) // SHEET_COLUMNS)
    step = TILE_SIDE + gap
    size = (SHEET_COLUMNS * step + gap, rows * step + gap)
    sheet = Image.new("RGB", size, (225, 225, 225))
    for place, tile in enumerate(tiles):
        row, column = divmod(place, SHEET_COLUMNS)
        sheet.paste(tile, (gap + column * step, gap + row * step))
    return sheet
