"""Add strokes to MNIST's images of a 1, 7 or 9.

- A 1 gets an upstroke, which is a line from its top to the lower left. Some also get a
  foot, which is a horizontal line at the bottom.
- A 7 gets a crossbar.
- A 9 gets a curved tail.

The functions ``upstroke``, ``foot``, ``crossbar`` and ``tail`` take images in MNIST's
format, float32 (n, 28, 28) in 0..1, and a random generator. They return one stroke for
each image: an array (n, k, 2) with the rows and columns of k points, in pixels.
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
"""Maximum angle between the upstroke of a 1 and the vertical, in degrees."""

MIN_ANGLE = 18
"""Minimum angle between the upstroke and the stem (long stroke) of a 1, in degrees."""

MAX_STEM = 6
"""Maximum width of the stem (long stroke) of a 7 in one row of an image, in pixels."""

GRID = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1).T
"""Row and column of each pixel of an image, int (784, 2)."""


def add_strokes(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Add a stroke to each 1, 7 and 9.

    ``images`` is float32 (n, 28, 28) in 0..1, and ``labels`` (n,) are the digits. Each
    1 gets an upstroke, each 7 a crossbar and each 9 a curved tail. About a quarter of
    the 1s also get a foot (a horizontal line). An added stroke is about as wide as the
    strokes that are already in the image. Other digits get no stroke. Returns all
    images in MNIST's format.
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
    """Return an upstroke for each image of a 1.

    An upstroke is a line from the top of the 1 to the lower left. The angle between an
    upstroke and the horizontal is at least 32 degrees, because a flatter stroke would
    turn the 1 into a 7. If a 1 leans so far that there is no room for an upstroke, the
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
    """Return a foot, a nearly horizontal stroke at the bottom, for each image of a 1.

    The result is (n, 3, 2): three points (row, column) per stroke, in pixels.
    """
    _, bottom = _ends(images)
    left, right = rng.uniform(2, 6, (2, len(images)))
    fall = rng.normal(0, 0.6, len(images))
    steps = np.stack([fall, right], axis=1), np.stack([-fall, -left], axis=1)
    return np.stack([bottom + steps[1], bottom, bottom + steps[0]], axis=1)


def crossbar(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a crossbar for each image of a 7.

    A crossbar is a nearly horizontal stroke across the stem (the long stroke). If no
    stem is found in an image, the crossbar has length zero. The result is (n, 3, 2):
    three points (row, column) per crossbar, in pixels.
    """
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
    """Return a curved stroke for each image of a 9.

    The stroke goes to the left from the lowest point of the 9.
    """
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
"""The strokes that can be added.

Each entry has a digit, the probability that an image of this digit gets the stroke, and
the function that returns the stroke.
"""


def _ends(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the top points and the bottom points of the digits in n images.

    Both are arrays (n, 2) of (row, column). The row of the top point is the first row
    that contains stroke pixels. Its column is the mean column of the stroke pixels in
    this row. The bottom point is found in the same way in the last row that contains
    stroke pixels.
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
    """Rotate each vector clockwise by its angle in ``angles`` (n,), in radians.

    ``vectors`` and the result are (n, 2). The components of a vector are (down, right).
    """
    down, right = vectors.T
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([down * cosine + right * sine, right * cosine - down * sine], 1)


def _half_width(images: np.ndarray) -> np.ndarray:
    """Return half of the mean stroke width of each image, in pixels.

    The result has the shape (n,) and is clipped to 0.8..2.5.
    """
    column = (images > INK).copy()
    column[:, [0, -1]] = False
    skeletons = skeletonize(column.reshape(-1, IMAGE_SIZE)).reshape(images.shape)
    lengths = np.maximum(skeletons.sum(axis=(1, 2)), 1)
    return np.clip(images.sum(axis=(1, 2)) / lengths / 2, 0.8, 2.5)


def _draw(
    points: np.ndarray, half_width: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw one stroke in each of n black images, and return the images.

    A stroke is a line through k points. ``points`` (n, k, 2) are their rows and
    columns. ``half_width`` (n,) is half of the width of each stroke, in pixels. It is
    multiplied by a random factor from 0.8 to 1.1. The images are float32 (n, 28, 28) in
    0..1.
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
