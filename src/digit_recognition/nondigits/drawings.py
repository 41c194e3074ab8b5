"""Drawings as fields, and drawings moved and chosen at random."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE
from digit_recognition.imaging.mnist_format import CENTRE, LONGEST

INK = 0.2
"""The least ink of a pixel that counts as drawn, of the most in its image."""

TINY = np.finfo(np.float32).tiny


def as_fields(drawings: np.ndarray) -> np.ndarray:
    """The drawings as MNIST's fields are made, float32 (n, 28, 28) in 0..1.

    ``drawings`` is (n, height, width), ink high: the box around the ink of each gets 20
    pixels on its longest side, by area averaging where that makes it smaller, its most
    ink becomes 1 and its centre of mass comes to (14, 14). What has no ink stays black.
    """
    most = drawings.max(axis=(1, 2), keepdims=True)
    ink = drawings / np.maximum(most, TINY)
    starts, sizes, means = [], [], []
    for axis in (1, 2):
        drawn = (ink > INK).any(axis=3 - axis)
        start = drawn.argmax(axis=1)
        starts.append(start)
        sizes.append(drawn.shape[1] - drawn[:, ::-1].argmax(axis=1) - start)
        line = ink.sum(axis=3 - axis)
        middles = np.arange(line.shape[1]) + 0.5
        means.append(line @ middles / np.maximum(line.sum(axis=1), 1e-6))
    step = np.maximum(*sizes) / LONGEST
    rows, columns = (
        _averages(
            ink.shape[axis],
            start - step * np.round(CENTRE + 0.5 - (mean - start) / step),
            step,
        )
        for axis, start, mean in zip((1, 2), starts, means, strict=True)
    )
    fields = rows @ ink.astype(np.float32) @ columns.swapaxes(1, 2)
    most = fields.max(axis=(1, 2), keepdims=True)
    return fields / np.maximum(most, TINY)


def warp(
    drawings: np.ndarray, matrices: np.ndarray, moves: np.ndarray | float = 0.0
) -> np.ndarray:
    """The drawings resampled bilinearly, black from outside; float32, of their shape.

    What comes to (row, column) from the centre is taken from ``matrices`` (n, 2, 2) @
    it, moved by ``moves`` pixels, which broadcasts to (2, n, height, width).
    """
    count, *shape = drawings.shape
    centre = (np.array(shape) - 1) / 2
    grid = np.indices(shape).reshape(2, -1) - centre[:, None]
    at = (matrices @ grid).reshape(count, 2, *shape).swapaxes(0, 1)
    at = at + moves + centre[:, None, None, None]
    images = np.broadcast_to(np.arange(count)[:, None, None], drawings.shape)
    return ndimage.map_coordinates(
        drawings, [images, *at], order=1, output=np.float32, mode="grid-constant"
    )


def turns(angles: np.ndarray) -> np.ndarray:
    """Matrices (n, 2, 2) that turn by so many radians (n,)."""
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.array([[cosine, sine], [-sine, cosine]]).transpose(2, 0, 1)


def some(
    images: np.ndarray,
    count: int,
    rng: np.random.Generator,
    labels: np.ndarray | None = None,
    digits: tuple[int, ...] = (),
) -> np.ndarray:
    """So many of the images, with replacement; with ``labels``, of those digits."""
    if labels is None:
        return images[rng.integers(len(images), size=count)]
    return images[rng.choice(np.flatnonzero(np.isin(labels, digits)), count)]


def chance(share: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Whether something happens to each, as it does to a ``share``: (count, 1, 1)."""
    return rng.random((count, 1, 1)) < share


def _averages(side: int, start: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Matrices (n, 28, side): each row the mean over a pixel's width or, if more, step.

    Row i lies from ``start + i * step`` to ``start + (i + 1) * step``.
    """
    middle = start[:, None] + step[:, None] * (np.arange(IMAGE_SIZE) + 0.5)
    half = np.maximum(step, 1)[:, None] / 2
    pixels = np.arange(side)
    low = np.maximum((middle - half)[..., None], pixels)
    high = np.minimum((middle + half)[..., None], pixels + 1)
    return (np.maximum(high - low, 0) / (2 * half[..., None])).astype(np.float32)
