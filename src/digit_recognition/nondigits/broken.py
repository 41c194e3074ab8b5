"""Digits that are none any more: turned, torn, cut up.

Each kind takes images (n, 28, 28), their labels (n,), how many to make, and gives
drawings, float32 (count, 28, 28) in 0..1.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import chance, some, turns, warp
from .joined import PIXELS, overlaid

MIRRORED = (3, 4, 6, 7, 9)
UPSIDE_DOWN = (3, 4, 7)
LYING = (1, 2, 3, 4, 5, 6, 7, 9)
CUT = (2, 4, 5, 6, 7, 9)
"""Digits that are none when mirrored, turned by 180 or by 90 degrees, or cut up."""

ORDERS = np.array([[1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0], [1, 2, 3, 0]])
"""Of the quarters, left to right in rows: none stays where it was."""


def shuffled(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """The quarters of a digit in other places."""
    image = some(images, count, rng, labels, CUT)
    quarters = np.stack(
        [image[:, y : y + 10, x : x + 10] for y in (4, 14) for x in (4, 14)]
    )
    order = ORDERS[rng.integers(len(ORDERS), size=count)].T
    a, b, c, d = quarters[order, np.arange(count)]
    upper, lower = np.concatenate([a, b], axis=2), np.concatenate([c, d], axis=2)
    whole = np.concatenate([upper, lower], axis=1)
    return np.pad(whole, ((0, 0), (4, 4), (4, 4)))


def rejoined(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """The upper or left half of a digit and the rest of another, mirrored."""
    first, second = (some(images, count, rng, labels, CUT) for _ in range(2))
    half = PIXELS < IMAGE_SIZE // 2
    upper = chance(1 / 2, count, rng)
    return np.where(np.where(upper, half[:, None], half), first, second[:, :, ::-1])


def mirrored(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Digits that are none when mirrored, or when upside down."""
    left_right = some(images, count, rng, labels, MIRRORED)[:, :, ::-1]
    turned = some(images, count, rng, labels, UPSIDE_DOWN)[:, ::-1, ::-1]
    return np.where(chance(2 / 3, count, rng), left_right, turned)


def lying(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Digits on their side, 17 degrees more or less, that are none then."""
    angles = rng.choice([-1, 1], count) * np.pi / 2 + rng.uniform(-0.3, 0.3, count)
    return warp(some(images, count, rng, labels, LYING), turns(angles))


def torn(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Digits pulled out of shape by 3 to 6 pixels, smoothly over 3."""
    moves = rng.uniform(-1, 1, (2, count, IMAGE_SIZE, IMAGE_SIZE))
    moves = ndimage.gaussian_filter(moves, (0, 0, 3, 3))
    moves *= rng.uniform(3, 6, (count, 1, 1)) / moves.std()
    return warp(some(images, count, rng), np.tile(np.eye(2), (count, 1, 1)), moves)


def cropped(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """What of two overlaid digits lies in a window of 9 to 14 pixels."""
    size = rng.integers(9, 15, (count, 1))
    rows, columns = (
        (start <= PIXELS) & (start + size > PIXELS)
        for start in rng.integers(5, 12, (2, count, 1))
    )
    window = rows[:, :, None] & columns[:, None]
    return overlaid(images, labels, count, rng) * window
