"""Corruptions that add marks to an image or erase parts of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LINE_RADII = (1.2, 1.7, 2.3, 3.0, 4.0)  # pixels, by strength; see _draw_lines


def spatter(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Cover random parts of the image with dark grey blots.

    The number, the size and the sharpness of the blots depend on ``strength``, as in
    MNIST-C's code.
    """
    mean, spread, size, threshold, edge = (
        *((0.65, 0.3, 4, 0.69, 0.6), (0.65, 0.3, 3, 0.68, 0.6)),
        *((0.65, 0.3, 2, 0.68, 0.5), (0.65, 0.3, 1, 0.65, 1.5)),
        (0.67, 0.4, 1, 0.65, 1.5),
    )[strength - 1]
    liquid = rng.normal(mean, spread, images.shape).astype(np.float32)
    liquid = ndimage.gaussian_filter(liquid, (0, size, size), mode="nearest")
    blots = (liquid > threshold).astype(np.float32)
    blots = ndimage.gaussian_filter(blots, (0, edge, edge), mode="nearest")
    blots[blots < 0.8] = 0
    return images * (1 - blots) + blots * (63 / 255)


def dotted_line(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Add a dotted straight line from the left to the right edge.

    Dots and gaps are two pixels wide. The line gets thicker with ``strength``.
    """
    count, side = images.shape[:2]
    ends = rng.integers(0, side - 1, (2, count))
    line = _draw_lines(side, 0, ends[0], side - 1, ends[1], LINE_RADII[strength - 1])
    line[..., np.arange(side) // 2 % 2 == 0] = 0
    return np.minimum(images + line, 1)


def zigzag(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Add a zigzag line from left to right.

    The corners lie 2 pixels from a straight line, on alternating sides. The zigzag line
    gets thicker with ``strength``.
    """
    count, side = images.shape[:2]
    left, right = 2, side - 3
    start = rng.integers(0, side - 1, count)
    rise = np.arctan2(rng.integers(-5, 5, count), right - left)
    length = (right - left) / np.cos(rise)
    along = np.minimum(np.hstack([0, np.arange(2, side + 8, 4)]), length[:, None])
    across = np.hstack([0, 2 * (-1) ** np.arange(along.shape[1] - 1)])
    across = np.where(along < length[:, None], across, 0)
    columns = left + along * np.cos(rise)[:, None] - across * np.sin(rise)[:, None]
    rows = start[:, None] + along * np.sin(rise)[:, None]
    rows = rows + across * np.cos(rise)[:, None]
    marked = images
    for point in range(along.shape[1] - 1):
        marked = marked + _draw_lines(
            side,
            *(columns[:, point], rows[:, point]),
            *(columns[:, point + 1], rows[:, point + 1]),
            LINE_RADII[strength - 1],
        )
    return np.minimum(marked, 1)


def erased_patches(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Erase two squares within the middle 20x20 pixels.

    The sides of the squares are 4 (weakest) to 8 pixels long.
    """
    count, side = images.shape[:2]
    size = 3 + strength
    rows, columns = np.indices(images.shape[1:])
    erased = images.copy()
    for _ in range(2):
        top, left = rng.integers(4, side - 4 - size + 1, (2, count))
        down = rows - top[:, None, None]
        right = columns - left[:, None, None]
        inside = (down >= 0) & (down < size) & (right >= 0) & (right < size)
        erased[inside] = 0
    return erased


def ruled_paper(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Add ruled lines of brightness 0.2 (weakest) to 0.8.

    At strengths 1 to 3, the lines are horizontal. At strengths 4 and 5, there are also
    vertical lines. The distance between lines is 6 to 10 pixels, at random for each
    image.
    """
    count, side = images.shape[:2]
    spacing = rng.integers(6, 11, (count, 1))
    ruled = np.zeros_like(images)
    directions = (2, 1) if strength > 3 else (2,)
    for axis in directions:
        first = rng.integers(0, spacing)
        ruled = np.maximum(
            ruled, np.expand_dims((np.arange(side) - first) % spacing == 0, axis)
        )
    return np.maximum(images, ruled * (0.05 + 0.15 * strength))


def _draw_lines(side, c0, r0, c1, r1, radius) -> np.ndarray:
    """Return images (n, side, side) with one line each, from (c0, r0) to (c1, r1).

    The columns c0, c1 and the rows r0, r1 are numbers or arrays of shape (n,). Images
    with c1 <= c0 are black. The line covers all columns from floor(c0) up to, but not
    including, ceil(c1).

    A pixel at vertical distance d from the line has the value 1 + log(1 - d / radius),
    or 0 if that is negative. The value is 1 at d = 0. From d = (1 - 1/e) * radius on,
    it is 0.
    """
    c0, r0, c1, r1 = np.broadcast_arrays(c0, r0, c1, r1)
    c0, r0, c1, r1 = (value.astype(np.float32)[:, None] for value in (c0, r0, c1, r1))
    pixels = np.arange(side, dtype=np.float32)[None]
    slope = np.where(c1 > c0, (r1 - r0) / np.where(c1 > c0, c1 - c0, 1), 0)
    middle = r0 + slope * (pixels - c0)
    distance = np.abs(pixels[..., None] - middle[:, None]) / radius
    line = np.log(np.maximum(1 - distance, np.exp(-1))) + 1
    inside = (pixels >= np.floor(c0)) & (pixels < np.ceil(c1)) & (c1 > c0)
    return line * inside[:, None]
