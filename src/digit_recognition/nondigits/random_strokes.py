"""Non-digits made of a few random strokes, straight or curved.

The strokes are not modelled on digits or letters, but some drawings resemble a digit or
letter by chance. Each function takes the same arguments as all functions in
``nondigits.KINDS``, but ignores the images and labels. It returns drawings, float32
(count, 56, 56) in 0..1. Within a drawing, all strokes have the same width.
"""

from __future__ import annotations

import numpy as np

from .drawings import POINTS_PER_STROKE, draw_strokes

MIN_STROKE_LENGTH = 0.4
"""Minimum distance between the start and the end of most strokes. The unit is the side
of the square in which the end is chosen at random. If the end is too close to the
start, ``_distant_point`` chooses again, but only up to three times, so a few strokes
are shorter."""


def branching_strokes(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw two to four strokes. All but the first start on an earlier stroke."""
    start = rng.random((count, 2))
    strokes = [
        _stroke(start, _distant_point(start, rng), _random_bend(0.6, count, rng))
    ]
    for _ in range(3):
        earlier = rng.integers(len(strokes), size=count)
        point = rng.choice([0, 15, 30, 45, 59], count, p=[0.3, 0.1, 0.2, 0.1, 0.3])
        start = np.stack(strokes, axis=1)[np.arange(count), earlier, point]
        end = _distant_point(start, rng)
        strokes.append(_stroke(start, end, _random_bend(0.6, count, rng)))
    return draw_strokes(strokes, np.arange(4) < rng.integers(2, 5, (count, 1)), rng)


def polygon_outlines(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw outlines of polygons with three to five corners.

    Half of the outlines have one or two more strokes, each starting at a corner.
    """
    each = np.arange(count)
    corners = rng.integers(3, 6, (count, 1))
    angles = np.arange(5) + rng.uniform(-0.25, 0.25, (count, 5))
    angles = angles * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi, (count, 1))
    radii = rng.uniform(0.6, 1, (count, 5))
    points = np.stack([radii * np.sin(angles), radii * np.cos(angles)], axis=2)
    points *= rng.uniform(0.6, 1, (count, 1, 2))
    strokes = []
    for corner in range(5):
        next_point = points[each, (corner + 1) % corners[:, 0]]
        bend = _random_bend(0.12, count, rng)
        strokes.append(_stroke(points[:, corner], next_point, bend))
    for _ in range(2):
        start = points[each, rng.integers(corners[:, 0])]
        end = start * rng.uniform(-1.2, 2, (count, 1))
        strokes.append(_stroke(start, end, _random_bend(0.6, count, rng)))
    one, two = rng.random((2, count, 1)) < 1 / 2
    sides = np.arange(5) < corners
    return draw_strokes(strokes, np.concatenate([sides, one, one & two], axis=1), rng)


def arcs_with_strokes(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw elliptic arcs, each with two or three strokes that start on the arc.

    An arc is at least half of an ellipse.
    """
    length = np.pi * rng.uniform(1, 2, (count, 1))
    angles = np.linspace(0, 1, POINTS_PER_STROKE) * length
    angles = angles + rng.uniform(0, 2 * np.pi, (count, 1))
    arc = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    arc *= rng.uniform(0.5, 1, (count, 1, 2))
    strokes = [arc]
    for _ in range(3):
        start = arc[np.arange(count), rng.choice([0, 20, 40, 59], count)]
        end = start + rng.uniform(-2, 2, (count, 2))
        strokes.append(_stroke(start, end, _random_bend(0.36, count, rng)))
    return draw_strokes(strokes, np.arange(4) < rng.integers(3, 5, (count, 1)), rng)


def _stroke(start: np.ndarray, end: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Return points (n, POINTS_PER_STROKE, 2) of parabolas from ``start`` to ``end``.

    ``start`` and ``end`` are points (row, column), as arrays (n, 2). ``bend`` (n,) says
    how far the middle of a parabola is from the straight line between its ends, as a
    fraction of the line's length. The sign of ``bend`` says on which side of the line
    the parabola lies. A bend of 0 gives the straight line.
    """
    share = np.linspace(0, 1, POINTS_PER_STROKE)[:, None]
    line = (end - start)[:, None]
    normal = np.stack([-line[..., 1], line[..., 0]], axis=2)
    height = 4 * share * (1 - share) * bend[:, None, None]
    return start[:, None] + share * line + height * normal


def _random_bend(max_bend: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return bends (count,) for ``_stroke``.

    Each bend is 0 with probability 0.5, and otherwise between ``-max_bend`` and
    ``max_bend``.
    """
    return rng.uniform(-max_bend, max_bend, count) * (rng.random(count) < 1 / 2)


def _distant_point(start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return random points (n, 2) in the unit square, mostly far from ``start`` (n, 2).

    Points that are closer than ``MIN_STROKE_LENGTH`` are replaced by new random points,
    at most three times.
    """
    end = rng.random(start.shape)
    for _ in range(3):
        close = np.hypot(*(end - start).T) < MIN_STROKE_LENGTH
        end[close] = rng.random((close.sum(), 2))
    return end
