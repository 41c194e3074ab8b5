"""Strokes added to MNIST's digits: an upstroke or a foot, a crossbar, a curved tail.

``upstroke``, ``foot``, ``crossbar`` and ``tail`` take images in MNIST's format, float32
(n, 28, 28) in 0..1, and a random generator. They return one stroke for each image, as
k points (row, column) in pixels: (n, k, 2).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from skimage.morphology import skeletonize

from digit_recognition import IMAGE_SIZE
from digit_recognition.nondigits.drawings import batch_to_mnist_format

INK = 0.4
"""Pixels above this value belong to a stroke."""

MAX_FROM_VERTICAL = 58
"""Maximum angle between an upstroke and the vertical, in degrees."""

MIN_ANGLE = 18
"""Minimum angle between an upstroke and the stem of the 1, in degrees."""

MAX_STEM = 6
"""Maximum number of stroke pixels in a row that crosses the stem of a 7."""

GRID = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1).T
"""Row and column of each pixel, int (784, 2)."""


def add_strokes(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Add a stroke to each 1, 7 and 9; return the digits in MNIST's format.

    ``images`` is float32 (n, 28, 28) in 0..1. ``labels`` (n,) holds their digits. About
    a quarter of the 1s also get a foot. The added strokes are about as wide as the
    digit's own strokes. Other digits get no strokes.
    """
    changed = images.copy()
    for digit, share, stroke in ADDED:
        rows = np.flatnonzero(labels == digit)
        rows = rows[rng.random(len(rows)) < share]
        if rows.size:
            points = stroke(images[rows], rng)
            ink = _draw(points, _half_width(images[rows]), rng)
            changed[rows] = np.maximum(changed[rows], ink)
    return batch_to_mnist_format(changed)


def upstroke(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return strokes from the top of a 1 to the lower left.

    The strokes are at least 32 degrees from the horizontal, because a flatter stroke
    would turn the 1 into a 7. If a 1 leans too far to leave room for an upstroke, the
    stroke has length zero.
    """
    top, bottom = _ends(images)
    stem = bottom - top
    slant = np.degrees(np.arctan2(-stem[:, 1], stem[:, 0]))
    angle = np.minimum(rng.uniform(20, 48, len(images)), MAX_FROM_VERTICAL - slant)
    has_room = angle >= MIN_ANGLE
    length = rng.uniform(0.25, 0.8, (len(images), 1)) * has_room[:, None]
    angle = np.radians(angle)
    end = top + length * _turn(stem, angle)
    middle = (top + end) / 2 + rng.normal(0, 0.6, top.shape) * has_room[:, None]
    return np.stack([top, middle, end], axis=1)


def foot(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return horizontal strokes at the bottom of a 1."""
    _, bottom = _ends(images)
    left, right = rng.uniform(2, 6, (2, len(images)))
    fall = rng.normal(0, 0.6, len(images))
    steps = np.stack([fall, right], axis=1), np.stack([-fall, -left], axis=1)
    return np.stack([bottom + steps[1], bottom, bottom + steps[0]], axis=1)


def crossbar(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return strokes across the stem of a 7, of length zero if no stem is found."""
    top, bottom = _ends(images)
    row = top[:, 0] + rng.uniform(0.45, 0.66, len(images)) * (bottom - top)[:, 0]
    ink = images[np.arange(len(images)), row.astype(int)]
    column = (ink @ np.arange(IMAGE_SIZE)) / np.maximum(ink.sum(axis=1), 1e-6)
    middle = np.stack([row, column], axis=1)
    is_stem = (ink > INK).sum(axis=1) <= MAX_STEM
    left, right = rng.uniform(2.5, 6.5, (2, len(images))) * is_stem
    fall = rng.normal(-0.3, 0.8, len(images)) * is_stem
    steps = np.stack([fall, right], axis=1), np.stack([-fall, -left], axis=1)
    return np.stack([middle + steps[1], middle, middle + steps[0]], axis=1)


def tail(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return strokes that curve from the bottom of a 9 to the left."""
    _, bottom = _ends(images)
    length, rise = rng.uniform(4, 10, len(images)), rng.uniform(-3, 3, len(images))
    share = np.linspace(0, 1, 6)
    columns = bottom[:, 1, None] - length[:, None] * share
    depth = 2.5 * share * (1 - share) + share * rise[:, None] / 3
    return np.stack([bottom[:, 0, None] + depth * 1.2, columns], axis=2)


ADDED: tuple[tuple[int, float, Callable], ...] = (
    (1, 1.0, upstroke),
    (1, 0.25, foot),
    (7, 1.0, crossbar),
    (9, 1.0, tail),
)
"""The digit, the probability that it gets the stroke, and the stroke's function."""


def _ends(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the top and the bottom point of each image's strokes, each (n, 2).

    A point is the row and the mean column of the stroke pixels in the top or bottom
    row.
    """
    ink = images > INK
    has_ink = np.asarray(ink.any(axis=2))
    ends = []
    for rows in (
        has_ink.argmax(axis=1),
        IMAGE_SIZE - 1 - has_ink[:, ::-1].argmax(axis=1),
    ):
        row_ink = ink[np.arange(len(images)), rows]
        columns = (row_ink @ np.arange(IMAGE_SIZE)) / np.maximum(row_ink.sum(1), 1)
        ends.append(np.stack([rows, columns], axis=1).astype(float))
    return ends[0], ends[1]


def _turn(vectors: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Rotate vectors (down, right) clockwise by ``angles`` (n,), in radians.

    ``vectors`` and the result are (n, 2).
    """
    down, right = vectors.T
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([down * cosine + right * sine, right * cosine - down * sine], 1)


def _half_width(images: np.ndarray) -> np.ndarray:
    """Return half of each image's mean stroke width: (n,), 0.8 to 2.5 pixels."""
    column = (images > INK).copy()
    column[:, [0, -1]] = False
    skeletons = skeletonize(column.reshape(-1, IMAGE_SIZE)).reshape(images.shape)
    lengths = np.maximum(skeletons.sum(axis=(1, 2)), 1)
    return np.clip(images.sum(axis=(1, 2)) / lengths / 2, 0.8, 2.5)


def _draw(
    points: np.ndarray, half_width: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw lines through ``points`` (n, k, 2); return float32 (n, 28, 28) in 0..1.

    ``half_width`` (n,) is half of the lines' width, in pixels. It is varied at random
    by a factor of 0.8 to 1.1.
    """
    half_width = half_width * rng.uniform(0.8, 1.1, len(points))
    distance = np.full((len(points), len(GRID)), np.inf)
    for start, end in zip(
        points[:, :-1].swapaxes(0, 1), points[:, 1:].swapaxes(0, 1), strict=True
    ):
        line = (end - start)[:, None]
        offset = GRID[None] - start[:, None]
        squared = np.maximum((line**2).sum(axis=2), 1e-6)
        share = np.clip((offset * line).sum(axis=2) / squared, 0, 1)
        gap = np.hypot(*np.moveaxis(offset - share[..., None] * line, 2, 0))
        distance = np.minimum(distance, gap)
    ink = np.clip(half_width[:, None] + 0.5 - distance, 0, 1)
    return ink.reshape(-1, IMAGE_SIZE, IMAGE_SIZE).astype(np.float32)
