"""Example drawings as pen strokes, for visitors who do not draw themselves."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

Point = tuple[float, float]
Stroke = list[Point]

STEPS = 6
"""Number of line segments between two neighbouring control points of a stroke."""

GAP = 0.22
"""Gap between two characters, as a fraction of a character's height."""

# Control points (x, y) of the strokes of each handwritten character. The height of a
# character is 1. x points to the right, and y down.
CHARACTERS: dict[str, list[Stroke]] = {
    "0": [
        [
            *((0.32, 0.02), (0.08, 0.2), (0.02, 0.55), (0.12, 0.9), (0.34, 1.0)),
            *((0.56, 0.85), (0.64, 0.5), (0.56, 0.15), (0.34, 0.01)),
        ]
    ],
    "2": [
        [
            *((0.04, 0.26), (0.14, 0.06), (0.36, 0.0), (0.55, 0.13), (0.54, 0.36)),
            *((0.35, 0.63), (0.04, 0.96), (0.06, 0.98), (0.35, 0.95), (0.64, 0.98)),
        ]
    ],
    "3": [
        [
            *((0.06, 0.12), (0.28, 0.0), (0.52, 0.1), (0.5, 0.32), (0.24, 0.46)),
            *((0.24, 0.47), (0.53, 0.56), (0.58, 0.8), (0.36, 0.99), (0.02, 0.9)),
        ]
    ],
    "4": [
        [(0.16, 0.02), (0.04, 0.32), (0.02, 0.56), (0.26, 0.58), (0.6, 0.5)],
        [(0.5, 0.16), (0.46, 0.6), (0.42, 1.0)],
    ],
    "5": [
        [
            *((0.16, 0.04), (0.12, 0.24), (0.08, 0.44), (0.1, 0.44), (0.34, 0.4)),
            *((0.56, 0.56), (0.54, 0.84), (0.32, 0.99), (0.02, 0.92)),
        ],
        [(0.16, 0.04), (0.36, 0.04), (0.6, 0.0)],
    ],
    "6": [
        [
            *((0.46, 0.0), (0.2, 0.2), (0.05, 0.55), (0.1, 0.88), (0.32, 1.0)),
            *((0.54, 0.84), (0.5, 0.6), (0.28, 0.54), (0.1, 0.72)),
        ]
    ],
    "7": [
        [
            *((0.02, 0.08), (0.3, 0.06), (0.58, 0.03), (0.6, 0.04)),
            *((0.46, 0.32), (0.3, 0.66), (0.2, 1.0)),
        ]
    ],
    "A": [
        [(0.02, 1.0), (0.16, 0.5), (0.32, 0.02)],
        [(0.32, 0.02), (0.48, 0.5), (0.66, 1.0)],
        [(0.12, 0.64), (0.34, 0.62), (0.56, 0.64)],
    ],
    # The upstroke covers 0.3 of the height, so this may be a 1 or a 7.
    "1 or 7": [
        [(0.08, 0.3), (0.3, 0.12), (0.46, 0.0)],
        [(0.46, 0.0), (0.42, 0.5), (0.38, 1.0)],
    ],
}


class Example(NamedTuple):
    """An example drawing that a visitor can click.

    ``strokes`` are lists of points (x, y), where the height of a character is 1.
    """

    label: str
    strokes: list[Stroke]


def examples() -> list[Example]:
    """Return the examples: numbers, an unclear digit and a letter."""
    return [
        *(Example(number, _write(number)) for number in ("7", "35", "2026", "640")),
        *(Example(name, _write_one(name, 0.0)) for name in ("1 or 7", "A")),
    ]


def _write(text: str) -> list[Stroke]:
    strokes: list[Stroke] = []
    left = 0.0
    for character in text:
        written = _write_one(character, left)
        strokes += written
        left = max(x for stroke in written for x, _ in stroke) + GAP
    return strokes


def _write_one(name: str, left: float) -> list[Stroke]:
    return [
        [(round(left + x, 3), round(y, 3)) for x, y in _smooth(stroke)]
        for stroke in CHARACTERS[name]
    ]


def _smooth(points: Stroke) -> Stroke:
    """Return points on the Catmull-Rom curve through ``points``.

    Between two neighbouring points of ``points``, the curve has STEPS line segments.

    >>> len(_smooth([(0, 0), (1, 0), (1, 1)]))
    13
    """
    padded = [points[0], *points, points[-1]]
    curve = [points[0]]
    for place, (start, end) in enumerate(pairwise(points)):
        before, after = padded[place], padded[place + 3]
        for step in range(1, STEPS + 1):
            t = step / STEPS
            curve.append(
                (
                    _curve(before[0], start[0], end[0], after[0], t),
                    _curve(before[1], start[1], end[1], after[1], t),
                )
            )
    return curve


def _curve(before: float, start: float, end: float, after: float, t: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
