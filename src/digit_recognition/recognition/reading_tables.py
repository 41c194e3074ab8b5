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

    If no line was found, ``line`` is None: the number is empty, the confidence 0.
    ``number`` counts the lines of a picture from 0. The line is accepted if there is no
    ``reason``.
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

    Boxes are in pixels of the picture: those of the page times ``scale``.
    """
    for position, digit in enumerate(line.digits):
        mark = digit.mark
        yield (
            *(picture, number, position, digit.digit, round(digit.confidence, 4)),
            *(mark.x * scale, mark.y * scale),
            *(mark.width * scale, mark.height * scale),
        )
