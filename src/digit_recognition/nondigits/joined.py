"""Several digits, or pieces of them, that are no digit together.

Each kind takes images (n, 28, 28), their labels (n,), how many to make, and gives
drawings, float32 (count, height, width) in 0..1.
"""

from __future__ import annotations

import numpy as np

from digit_recognition import IMAGE_SIZE

from .drawings import chance, some, turns, warp

PIXELS = np.arange(IMAGE_SIZE)


def overlaid(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Two digits over one another, one of them turned and shifted."""
    first, second = some(images, count, rng), some(images, count, rng)
    second = warp(second, turns(rng.uniform(-np.pi, np.pi, count)))
    return np.maximum(first, shifted(second, 5, rng))


def side_by_side(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Two or three digits in a row, or three or four in two rows."""
    digits = [shifted(some(images, count, rng), 2, rng) for _ in range(4)]
    digits[3] = digits[3] * chance(1 / 2, count, rng)
    upper, lower = (np.concatenate(pair, axis=2) for pair in (digits[:2], digits[2:]))
    block = np.concatenate([upper, lower], axis=1)
    digits[2] = digits[2] * chance(1 / 2, count, rng)
    row = np.concatenate([digit[:, :, 5:23] for digit in digits[:3]], axis=2)
    row = np.pad(row, ((0, 0), (14, 14), (1, 1)))
    return np.where(chance(1 / 2, count, rng), row, block)


def pieced(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Three or four pieces of digits, each turned, laid about."""
    joined = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for share in (1, 1, 1, 0.5):
        start = rng.integers(6, 13, (count, 1))
        rows = (start <= PIXELS) & (start + 9 > PIXELS)
        piece = some(images, count, rng) * rows[:, :, None]
        piece = warp(piece, turns(rng.uniform(-np.pi, np.pi, count)))
        laid = chance(share, count, rng)
        joined = np.maximum(joined, shifted(piece, 6, rng) * laid)
    return joined


def crossed(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Two to four ones, shortened and turned, across each other or end to end."""
    drawn = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for share in (1, 1, 0.5, 0.5):
        one = some(images, count, rng, labels, (1,))
        shorter = rng.uniform(1, 2, (count, 1, 1))
        one = warp(one, shorter * turns(rng.uniform(-np.pi / 2, np.pi / 2, count)))
        laid = chance(share, count, rng)
        drawn = np.maximum(drawn, shifted(one, 6, rng) * laid)
    return drawn


def shifted(drawings: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Each of the drawings (n, 28, 28) by up to so many pixels down and across."""
    moves = rng.integers(-most, most + 1, (2, len(drawings), 1))
    rows, columns = PIXELS - moves
    inside = (rows % IMAGE_SIZE == rows)[:, :, None] & (
        columns % IMAGE_SIZE == columns
    )[:, None]
    each = np.arange(len(drawings))[:, None, None]
    return (
        drawings[each, rows[:, :, None] % IMAGE_SIZE, columns[:, None] % IMAGE_SIZE]
        * inside
    )
