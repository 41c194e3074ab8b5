"""Make the rows of two tables: one for the lines of digits, one for the digits."""

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
    """Return the values of READING_COLUMNS for a line of digits.

    - ``picture``: the escaped name of the picture.
    - ``number``: the index of the line in the picture, from 0. It becomes the value of
      the column "line". The column "number" has the digits of the line as text.
    - ``line``: None if no line was found. Then the column "number" is empty, and the
      confidence is 0.
    - ``reason``: why the line is not accepted. It is empty if the line is accepted.
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

    ``picture`` is the escaped name of the picture. ``number`` is the index of the line
    in the picture, from 0, for the column "line". The page that was read may be smaller
    than the picture: each of its pixels covers ``scale`` x ``scale`` pixels of the
    picture. In the result, the digits' boxes are in pixels of the picture.
    """
    for position, digit in enumerate(line.digits):
        mark = digit.mark
        yield (
            *(picture, number, position, digit.digit, round(digit.confidence, 4)),
            *(mark.x * scale, mark.y * scale),
            *(mark.width * scale, mark.height * scale),
        )
