"""Rows of the tables that list what was read: readings and digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from digit_recognition.recognition.lines import Line

READING_COLUMNS = ("picture", "line", "number", "confidence", "accepted", "reason")
DIGIT_COLUMNS = (
    *("picture", "line", "position", "digit", "confidence"),
    *("x", "y", "width", "height"),
)


def reading_row(
    picture: str, number: int, line: Line | None, reason: str
) -> tuple[Any, ...]:
    """Return the values of READING_COLUMNS for a line.

    ``number`` is the index of the line in the picture, from 0. If no line was found,
    ``line`` is None; the row then has an empty number and the confidence 0. The line is
    accepted if ``reason`` is empty.
    """
    return (
        *(picture, number, line.number if line else ""),
        round(line.confidence, 4) if line else 0.0,
        *("false" if reason else "true", reason),
    )


def digit_rows(
    picture: str, number: int, line: Line, scale: int
) -> Iterator[tuple[Any, ...]]:
    """Yield the values of DIGIT_COLUMNS for each digit of a line.

    Boxes are in pixels of the picture. One pixel of the page is ``scale`` pixels of the
    picture.
    """
    for position, digit in enumerate(line.digits):
        mark = digit.mark
        yield (
            *(picture, number, position, digit.digit, round(digit.confidence, 4)),
            *(mark.x * scale, mark.y * scale),
            *(mark.width * scale, mark.height * scale),
        )
