"""Pictures with what was read on them, for a person to look through."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont, ImageOps

from digit_recognition.csv_safety import escape_cell
from digit_recognition.datasets import Picture, Pictures
from digit_recognition.imaging.decoding import Page, UnreadablePicture, decode

ACCEPTED = (0, 120, 60)
FOR_A_PERSON = (
    213,
    94,
    0,
)  # vermillion of Okabe and Ito 2008, "Color universal design"
WHITE = (255, 255, 255)
LARGEST = 1600
"""The longest side, in pixels, of a picture that is larger."""

SMALLEST = 256
"""The longest side of a picture that is smaller: digits beside it are to be read."""

TILE = 240
COLUMNS, ROWS = 5, 6


def annotate_pictures(
    pictures: Pictures,
    readings: pd.DataFrame,
    digits: pd.DataFrame,
    reading_summary: dict[str, Any],
) -> Iterator[tuple[str, Image.Image]]:
    """Names and pictures, one by one: each with its boxes, and sheets of 30 of them.

    ``readings`` and ``digits`` are as the catalog loads what `read_pictures` gives:
    ``accepted`` is bool. Green is accepted, orange is for a person to look at, and says
    why. Pages after the first have names and tiles of their own. A picture without
    rows, which came after the reading, is left out.
    """
    return _annotated(pictures, readings, digits, reading_summary["pages"])


def _annotated(
    pictures: Pictures,
    readings: pd.DataFrame,
    digits: pd.DataFrame,
    pages: dict[str, list[int]],
) -> Iterator[tuple[str, Image.Image]]:
    from rich.progress import track

    lines_of, digits_of = _Rows(readings), _Rows(digits)
    tiles: list[Image.Image] = []
    sheets = count(1)
    for picture in track(pictures, description="Drawing"):
        name = escape_cell(picture.name)
        lines = lines_of[name]
        if not lines:
            continue
        page_of = pages.get(name, [0] * len(lines))
        for number, page in _pages(picture, set(page_of)):
            here = [line for line in lines if page_of[line.line] == number]
            boxes = [d for d in digits_of[name] if page_of[d.line] == number]
            title = f" page {number + 1}" if number else ""
            if page is not None:
                drawn = _draw(page, here, boxes)
                yield f"pictures/{picture.name}{title}", drawn
            else:
                drawn = Image.new("RGB", (SMALLEST, SMALLEST // 2), (235, 235, 235))
            tiles.append(_tile(drawn, f"{name}{title}", here))
            if len(tiles) == COLUMNS * ROWS:
                yield f"sheets/{next(sheets):04}", _sheet(tiles)
                tiles = []
    if tiles:
        yield f"sheets/{next(sheets):04}", _sheet(tiles)


class _Rows:
    """The rows of each picture as tuples, made when they are asked for.

    The rows of a picture stand together, in the order in which pictures are asked for,
    so that nothing is kept by picture: tables of each took 200 MB for 20,000 pictures.
    """

    def __init__(self, table: pd.DataFrame):
        self._row = namedtuple("Row", table.columns)
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
    """The pages that have lines; none where the picture cannot be read (any more)."""
    last = -1
    try:
        for number, page in enumerate(() if picture.reason else decode(picture.path)):
            if number in wanted:
                last = number
                yield number, page
    except UnreadablePicture:
        pass
    yield from ((number, None) for number in sorted(wanted) if number > last)


def _draw(page: Page, lines: list[Any], digits: list[Any]) -> Image.Image:
    longest = max(page.grey.shape)
    zoom = max(SMALLEST / longest, min(1.0, LARGEST / longest))
    size = [max(1, round(side * zoom)) for side in page.grey.shape[::-1]]
    grey = Image.fromarray((page.grey * 255).astype(np.uint8))
    image = grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2).convert("RGB")
    draw = ImageDraw.Draw(image)
    accepted = {line.line: line.accepted for line in lines}
    thick = max(1, round(max(size) / 300))
    font = _font(max(12, round(max(size) / 40)))
    for digit in digits:
        scale = zoom / page.scale
        box = [
            *(digit.x * scale - thick, digit.y * scale - thick),
            (digit.x + digit.width) * scale + thick,
            (digit.y + digit.height) * scale + thick,
        ]
        colour = ACCEPTED if accepted[digit.line] else FOR_A_PERSON
        draw.rectangle(box, outline=colour, width=thick)
        _label(draw, box, f"{digit.digit}  {digit.confidence:.0%}", font, colour)
    return image


def _label(
    draw: ImageDraw.ImageDraw,
    box: list[float],
    text: str,
    font: ImageFont.FreeTypeFont,
    colour: tuple[int, int, int],
) -> None:
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(0, box[0]), max(0, draw.im.size[0] - width))
    y = box[1] - height if box[1] >= height else min(box[3], draw.im.size[1] - height)
    draw.rectangle([x, y, x + width, y + height], fill=colour)
    draw.text((x + 3 - left, y + 3 - top), text, font=font, fill=WHITE)


def _tile(drawn: Image.Image, name: str, lines: list[Any]) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), WHITE)
    # Half of the default's time, and as sharp.
    fitted = ImageOps.contain(drawn, (TILE - 12, TILE - 78), Image.Resampling.HAMMING)
    tile.paste(fitted, ((TILE - fitted.width) // 2, 6))
    draw = ImageDraw.Draw(tile)
    colour = ACCEPTED if all(line.accepted for line in lines) else FOR_A_PERSON
    numbers = "  ".join(line.number for line in lines)
    reason = next((line.reason for line in lines if line.reason), "")
    for y, size, text, fill in (
        (TILE - 68, 22, numbers or "nothing read", colour),
        (TILE - 40, 12, reason, colour),
        (TILE - 22, 12, name, (90, 90, 90)),
    ):
        font = _font(size)
        draw.text((6, y), _fitting(text, font), font=font, fill=fill)
    draw.rectangle([0, 0, TILE - 1, TILE - 1], outline=colour, width=2)
    return tile


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _fitting(text: str, font: ImageFont.FreeTypeFont) -> str:
    text = text.replace("\n", " ")
    if font.getlength(text) <= TILE - 12:
        return text
    while font.getlength(f"{text}…") > TILE - 12:
        text = text[:-1]
    return f"{text}…"


def _sheet(tiles: list[Image.Image]) -> Image.Image:
    gap = 8
    rows = -(-len(tiles) // COLUMNS)
    step = TILE + gap
    sheet = Image.new("RGB", (COLUMNS * step + gap, rows * step + gap), (225, 225, 225))
    for place, tile in enumerate(tiles):
        row, column = divmod(place, COLUMNS)
        sheet.paste(tile, (gap + column * step, gap + row * step))
    return sheet
