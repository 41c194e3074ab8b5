"""From a digit's ink to a field as MNIST's were made.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits": the longest side
20 pixels, anti-aliased, the centre of mass in the centre of 28x28.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .ink import resized, stroke_width

LONGEST = 20
CENTRE = 14

DRAFT = 80
"""The longest side, in pixels, on which strokes are made as wide as MNIST's."""

THIN = 0.075
"""Strokes thinner than this share of the longest side are made wider. In MNIST's first
4,000 training images they are 0.10 to 0.25 of it (1st and 99th percentile)."""

WIDENED = 0.1
"""The share that they are given."""


def to_mnist_format(ink: np.ndarray) -> np.ndarray:
    """A field, float32 (28, 28) in 0..1, of one digit's ink.

    ``ink`` is float32 (h, w) in 0..1, 0 around the digit, which touches all four
    sides. Strokes too thin to survive the reduction are made wider first.
    """
    ink = _widened(ink)
    height, width = ink.shape
    scale = LONGEST / max(height, width)
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    down = scale <= 1
    small = resized(
        ink, shape, Image.Resampling.BOX if down else Image.Resampling.BICUBIC
    )
    small = np.clip(small, 0, 1)
    small = small / max(float(small.max()), 1e-6)
    return centred(small)


def is_mnist_format(grey: np.ndarray) -> bool:
    """Whether a page, float32 (h, w) in 0..1, is a field as MNIST's are already."""
    if grey.shape != (IMAGE_SIZE, IMAGE_SIZE) or not grey.any():
        return False
    rows, columns = np.nonzero(grey)
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    off = np.abs(np.subtract(ndimage.center_of_mass(grey), CENTRE)).max()
    return bool(longest <= LONGEST and off <= 1 and grey.max() > 0.5)


def centred(small: np.ndarray) -> np.ndarray:
    """The ink, at most 28x28, in a field, its centre of mass at index (14, 14).

    It is moved by whole pixels, and by fewer where the field would cut it.
    """
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    corner = [
        int(np.clip(round(CENTRE - mass), 0, IMAGE_SIZE - length))
        for mass, length in zip(ndimage.center_of_mass(small), small.shape, strict=True)
    ]
    top, left = corner
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field


def _widened(ink: np.ndarray) -> np.ndarray:
    longest = max(ink.shape)
    if longest > DRAFT:
        step = longest / DRAFT
        stroke = stroke_width(ink > 0.5)
        if stroke < step:  # it would fade in the reduction
            ink = ndimage.maximum_filter(ink, size=int(np.ceil(step)))
        shape = tuple(max(1, round(length / step)) for length in ink.shape)
        ink = resized(ink, shape, Image.Resampling.BOX)
        ink = ink / max(float(np.percentile(ink[ink > 0.1], 90)), 1e-6)
        ink = np.clip(ink, 0, 1)
    longest = max(ink.shape)
    if longest < LONGEST:
        return ink
    stroke = stroke_width(ink > 0.5)
    if stroke < THIN * longest:
        more = max(1, round(WIDENED * longest - stroke))
        ink = np.pad(ink, more)
        ink = ndimage.grey_dilation(ink, footprint=_disk(more + 1))
        rows, columns = np.nonzero(ink > 0.25)
        ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return ink


def _disk(diameter: int) -> np.ndarray:
    axis = np.arange(diameter) - (diameter - 1) / 2
    return np.hypot(*np.meshgrid(axis, axis)) <= diameter / 2
