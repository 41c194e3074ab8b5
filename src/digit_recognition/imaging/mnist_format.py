"""Convert the ink of a digit to the format of MNIST's images.

In this format, the longest side of a digit is 20 pixels, and strokes are anti-aliased.
The digit's centre of mass is in the centre of an image of 28x28 pixels. Source: LeCun,
Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .ink import resized, stroke_width

LONGEST = 20
"""Longest side of a digit's bounding box in MNIST's images, in pixels."""

CENTRE = 14
"""Row and column of a digit's centre of mass in MNIST's images."""

WORKING_SIDE = 80
"""Longest side, in pixels, of the reduced image on which strokes are widened."""

MIN_STROKE_RATIO = 0.075
"""Minimum stroke width, as a share of the digit's longest side. Thinner strokes are
widened. In MNIST's first 4,000 training images, this share is 0.10 to 0.25 (1st and
99th percentile)."""

WIDENED_STROKE_RATIO = 0.1
"""Width that thin strokes are widened to, as a share of the digit's longest side."""


def to_mnist_format(ink: np.ndarray) -> np.ndarray:
    """Return the ink of one digit in MNIST's format, float32 (28, 28) in 0..1.

    ``ink`` is float32 (h, w) in 0..1 and cropped to the digit. It is 0 on the paper.
    Thin strokes are widened first, because they would fade when the ink is reduced to
    this size.

    >>> to_mnist_format(np.ones((60, 12), np.float32)).shape
    (28, 28)
    """
    ink = _widen_strokes(ink)
    height, width = ink.shape
    scale = LONGEST / max(height, width)
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    filter_ = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    small = np.clip(resized(ink, shape, filter_), 0, 1)
    return centre_in_field(small / max(float(small.max()), 1e-6))


def is_mnist_format(grey: np.ndarray) -> bool:
    """Return whether a page, float32 (h, w) in 0..1, is in MNIST's format already.

    The page must have 28x28 pixels, a background of 0 and a maximum above 0.5. The
    digit must be at most 20 pixels high and wide. The digit's centre of mass must be at
    most one row and one column away from index (14, 14).
    """
    if grey.shape != (IMAGE_SIZE, IMAGE_SIZE) or not grey.any():
        return False
    rows, columns = np.nonzero(grey)
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    offset = np.abs(np.subtract(ndimage.center_of_mass(grey), CENTRE)).max()
    return bool(longest <= LONGEST and offset <= 1 and grey.max() > 0.5)


def centre_in_field(small: np.ndarray) -> np.ndarray:
    """Return a 28x28 image with the centre of mass of the ink near index (14, 14).

    ``small`` is the ink, float32 (h, w) in 0..1, with at most 28x28 pixels. It is moved
    by whole pixels, but never beyond the border of the image. If it reaches the border
    first, its centre of mass does not get to (14, 14).
    """
    field = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    top, left = (
        int(np.clip(round(CENTRE - mass), 0, IMAGE_SIZE - length))
        for mass, length in zip(ndimage.center_of_mass(small), small.shape, strict=True)
    )
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field


def _widen_strokes(ink: np.ndarray) -> np.ndarray:
    """Reduce the ink of a large digit, and widen thin strokes.

    The ink is reduced if its longest side is above WORKING_SIDE pixels. Its longest
    side then has WORKING_SIDE pixels. Strokes are widened only if the longest side has
    at least LONGEST pixels.
    """
    longest = max(ink.shape)
    if longest > WORKING_SIDE:
        step = longest / WORKING_SIDE
        if _is_thinner(ink > 0.5, step):  # the stroke would fade in the reduction
            ink = ndimage.maximum_filter(ink, size=int(np.ceil(step)))
        shape = tuple(max(1, round(length / step)) for length in ink.shape)
        ink = resized(ink, shape, Image.Resampling.BOX)
        ink = ink / max(float(np.percentile(ink[ink > 0.1], 90)), 1e-6)
        ink = np.clip(ink, 0, 1)
    longest = max(ink.shape)
    if longest < LONGEST:
        return ink
    if _is_thinner(ink > 0.5, MIN_STROKE_RATIO * longest):
        stroke = stroke_width(ink > 0.5)
        missing = max(1, round(WIDENED_STROKE_RATIO * longest - stroke))
        ink = np.pad(ink, missing)
        ink = ndimage.grey_dilation(ink, footprint=_disk(missing + 1))
        rows, columns = np.nonzero(ink > 0.25)
        ink = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return ink


def _is_thinner(mask: np.ndarray, width: float) -> bool:
    """Return whether `stroke_width` of a mask, bool (h, w), is below ``width`` pixels.

    `stroke_width` is computed from the mean distance of the pixels to the background,
    which is slow. For most digits, a lower and an upper bound of this mean are enough.
    Computing them takes a tenth of the time:

    - A pixel that is left after n erosions is at least n + 1 pixels away from the
      background. So the numbers of pixels left after each erosion give a lower bound.
    - The upper bound is sqrt(2) times the lower bound.
    """
    area = distances = np.count_nonzero(mask)
    core = mask
    while distances:
        if 4 * distances / area - 2 > width + 1e-6:
            return False
        core = core[:-2] & core[1:-1] & core[2:]
        core = core[:, :-2] & core[:, 1:-1] & core[:, 2:]
        if not core.any():
            break
        distances += np.count_nonzero(core)
    if max(1.0, 4 * np.sqrt(2) * distances / max(1, area) - 2) < width - 1e-6:
        return True
    return stroke_width(mask) < width


def _disk(diameter: int) -> np.ndarray:
    axis = np.arange(diameter) - (diameter - 1) / 2
    return np.hypot(*np.meshgrid(axis, axis)) <= diameter / 2
