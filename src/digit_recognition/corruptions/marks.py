"""Families of marks beside and over the ink, and of ink that is missing."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

REACHES = (1.2, 1.7, 2.3, 3.0, 4.0)  # pixels, by strength; see _lines


def spatter(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Dark grey blots, that cover the ink."""
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
    """A straight line of dots, two columns each, from edge to edge."""
    count, side = images.shape[:2]
    ends = rng.integers(0, side - 1, (2, count))
    line = _lines(side, 0, ends[0], side - 1, ends[1], REACHES[strength - 1])
    line[..., np.arange(side) // 2 % 2 == 0] = 0
    return np.minimum(images + line, 1)


def zigzag(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """A zigzag, 2 pixels to each side of a straight line, from side to side."""
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
        marked = marked + _lines(
            side,
            *(columns[:, point], rows[:, point]),
            *(columns[:, point + 1], rows[:, point + 1]),
            REACHES[strength - 1],
        )
    return np.minimum(marked, 1)


def erased_patches(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Two square holes of 4 to 8 pixels, anywhere in the middle 20 x 20 pixels."""
    count, side = images.shape[:2]
    size = 3 + strength
    rows, columns = np.indices(images.shape[1:])
    changed = images.copy()
    for _ in range(2):
        top, left = rng.integers(4, side - 4 - size + 1, (2, count))
        down = rows - top[:, None, None]
        right = columns - left[:, None, None]
        inside = (down >= 0) & (down < size) & (right >= 0) & (right < size)
        changed[inside] = 0
    return changed


def ruled_paper(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Level rules of 0.2 to 0.8, 6 to 10 pixels apart; from strength 4 on squares."""
    count, side = images.shape[:2]
    spacing = rng.integers(6, 11, count)[:, None]
    ruled = np.zeros_like(images)
    directions = (2, 1) if strength > 3 else (2,)
    for axis in directions:
        first = rng.integers(0, spacing)
        ruled = np.maximum(
            ruled, np.expand_dims((np.arange(side) - first) % spacing == 0, axis)
        )
    return np.maximum(images, ruled * (0.05 + 0.15 * strength))


def _lines(side, c0, r0, c1, r1, reach) -> np.ndarray:
    """Lines (n, side, side) from points to points to the right of them.

    White in the middle, and 1 + log(1 - d / ``reach``) where a pixel is d above or
    below, so black from 1 - 1/e of the reach on; in whole columns. ``c0`` and so on are
    numbers or (n,).
    """
    c0, r0, c1, r1 = np.broadcast_arrays(c0, r0, c1, r1)
    c0, r0, c1, r1 = (value.astype(np.float32)[:, None] for value in (c0, r0, c1, r1))
    pixels = np.arange(side, dtype=np.float32)[None]
    steep = np.where(c1 > c0, (r1 - r0) / np.where(c1 > c0, c1 - c0, 1), 0)
    middle = r0 + steep * (pixels - c0)
    off = np.abs(pixels[..., None] - middle[:, None]) / reach
    line = np.log(np.maximum(1 - off, np.exp(-1))) + 1
    inside = (pixels >= np.floor(c0)) & (pixels < np.ceil(c1)) & (c1 > c0)
    return line * inside[:, None]
