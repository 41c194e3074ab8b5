"""Non-digits made by altering digits: mirrored, rotated, distorted or cut up.

Each function takes images, float32 (n, 28, 28) in 0..1, their labels (n,), the number
of drawings (``count``) and a random generator. It returns drawings, float32
(count, 28, 28) in 0..1.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import (
    PIXELS,
    interval_mask,
    random_mask,
    rotation_matrices,
    sample_images,
    warp,
)
from .joined import overlaid_digits

MIRROR_DIGITS = (3, 4, 6, 7, 9)
UPSIDE_DOWN_DIGITS = (3, 4, 7)
SIDEWAYS_DIGITS = (1, 2, 3, 4, 5, 6, 7, 9)
CUT_DIGITS = (2, 4, 5, 6, 7, 9)
"""Each tuple lists the digits that become non-digits by one change: mirroring left to
right (``MIRROR_DIGITS``), rotation by 180 degrees (``UPSIDE_DOWN_DIGITS``), rotation by
90 degrees (``SIDEWAYS_DIGITS``) or cutting up (``CUT_DIGITS``)."""

QUARTER_ORDERS = np.array([[1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0], [1, 2, 3, 0]])
"""Orders in which the quarters of an image are put together again, row by row. No
quarter stays in its place."""


def shuffled_quarters(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Cut the central 20x20 pixels of a digit into quarters and rearrange them."""
    digits = sample_images(images, count, rng, labels, CUT_DIGITS)
    quarters = np.stack(
        [digits[:, y : y + 10, x : x + 10] for y in (4, 14) for x in (4, 14)]
    )
    order = QUARTER_ORDERS[rng.integers(len(QUARTER_ORDERS), size=count)].T
    a, b, c, d = quarters[order, np.arange(count)]
    upper, lower = np.concatenate([a, b], axis=2), np.concatenate([c, d], axis=2)
    drawings = np.concatenate([upper, lower], axis=1)
    return np.pad(drawings, ((0, 0), (4, 4), (4, 4)))


def mismatched_halves(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Join one half of a digit to the opposite half of a second, mirrored digit.

    The second digit is mirrored left to right before it is cut. The cut between the
    halves is horizontal or vertical.
    """
    first, second = (
        sample_images(images, count, rng, labels, CUT_DIGITS) for _ in range(2)
    )
    half = PIXELS < IMAGE_SIZE // 2
    upper = random_mask(1 / 2, count, rng)
    return np.where(np.where(upper, half[:, None], half), first, second[:, :, ::-1])


def mirrored_digits(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Mirror a digit left to right (probability 2/3) or rotate it by 180 degrees."""
    mirrored = sample_images(images, count, rng, labels, MIRROR_DIGITS)[:, :, ::-1]
    rotated = sample_images(images, count, rng, labels, UPSIDE_DOWN_DIGITS)
    return np.where(random_mask(2 / 3, count, rng), mirrored, rotated[:, ::-1, ::-1])


def sideways_digits(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Rotate random digits by 73 to 107 degrees, to the left or to the right."""
    angles = rng.choice([-1, 1], count) * np.pi / 2 + rng.uniform(-0.3, 0.3, count)
    digits = sample_images(images, count, rng, labels, SIDEWAYS_DIGITS)
    return warp(digits, rotation_matrices(angles))


def distorted_digits(
    images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Distort a digit by random displacements of its pixels.

    The displacements are smoothed by a Gaussian filter with a standard deviation of 3
    pixels. Along each axis, their root mean square is 3 to 6 pixels.
    """
    offsets = rng.uniform(-1, 1, (2, count, IMAGE_SIZE, IMAGE_SIZE))
    offsets = ndimage.gaussian_filter(offsets, (0, 0, 3, 3))
    offsets *= rng.uniform(3, 6, (count, 1, 1)) / offsets.std()
    digits = sample_images(images, count, rng)
    return warp(digits, np.tile(np.eye(2), (count, 1, 1)), offsets)


def cropped_digits(
    images: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Overlay two digits and keep only a square window of 9 to 14 pixels a side."""
    side = rng.integers(9, 15, (count, 1))
    rows, columns = (
        interval_mask(start, side) for start in rng.integers(5, 12, (2, count, 1))
    )
    window = rows[:, :, None] & columns[:, None]
    return overlaid_digits(images, labels, count, rng) * window
