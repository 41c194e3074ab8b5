"""Non-digits that combine several digits or fragments of digits.

Each function takes images, float32 (n, 28, 28) in 0..1, their labels (n,), the number
of drawings (``count``) and a random generator. It returns drawings, float32 in
0..1. Their shape is (count, 56, 56) for ``digits_side_by_side`` and (count, 28, 28) for
all other functions.
"""

from __future__ import annotations

import numpy as np

from digit_recognition import IMAGE_SIZE

from .drawings import (
    interval_mask,
    random_mask,
    rotation_matrices,
    sample_images,
    shift_randomly,
    warp,
)

FRAGMENT_HEIGHT = 9  # pixels


def overlaid_digits(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw two digits on top of each other, one of them rotated and shifted."""
    first, second = sample_images(images, count, rng), sample_images(images, count, rng)
    second = warp(second, rotation_matrices(rng.uniform(-np.pi, np.pi, count)))
    return np.maximum(first, shift_randomly(second, 5, rng))


def digits_side_by_side(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw two or three digits in one row, or three or four digits in two rows."""
    digits = [
        shift_randomly(sample_images(images, count, rng), 2, rng) for _ in range(4)
    ]
    digits[3] = digits[3] * random_mask(1 / 2, count, rng)
    upper, lower = (np.concatenate(pair, axis=2) for pair in (digits[:2], digits[2:]))
    two_rows = np.concatenate([upper, lower], axis=1)
    digits[2] = digits[2] * random_mask(1 / 2, count, rng)
    one_row = np.concatenate([digit[:, :, 5:23] for digit in digits[:3]], axis=2)
    one_row = np.pad(one_row, ((0, 0), (14, 14), (1, 1)))
    return np.where(random_mask(1 / 2, count, rng), one_row, two_rows)


def digit_fragments(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw three or four fragments of digits, each rotated and shifted."""
    drawings = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for probability in (1, 1, 1, 0.5):
        rows = interval_mask(rng.integers(6, 13, (count, 1)), FRAGMENT_HEIGHT)
        fragments = sample_images(images, count, rng) * rows[:, :, None]
        matrices = rotation_matrices(rng.uniform(-np.pi, np.pi, count))
        fragments = warp(fragments, matrices)
        drawings = _overlay(drawings, fragments, probability, rng)
    return drawings


def crossed_ones(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Overlay two to four images of the digit 1, each shrunk, rotated and shifted."""
    drawings = np.zeros((count, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for probability in (1, 1, 0.5, 0.5):
        ones = sample_images(images, count, rng, labels, (1,))
        reductions = rng.uniform(1, 2, (count, 1, 1))
        matrices = rotation_matrices(rng.uniform(-np.pi / 2, np.pi / 2, count))
        ones = warp(ones, reductions * matrices)
        drawings = _overlay(drawings, ones, probability, rng)
    return drawings


def _overlay(
    drawings: np.ndarray,
    parts: np.ndarray,
    probability: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Overlay each drawing with a part, or leave the drawing unchanged.

    A part is overlaid with the given ``probability``. ``drawings`` and ``parts`` are
    (n, 28, 28). Each part is shifted by up to 6 pixels along both axes.
    """
    added = random_mask(probability, len(drawings), rng)
    return np.maximum(drawings, shift_randomly(parts, 6, rng) * added)
