"""Corruptions of brightness, contrast and background."""

from __future__ import annotations

import numpy as np

BATCH_SIZE = 250  # limits memory: each image has a cloud of 256x256 pixels


def brightness(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Brighten every pixel by 0.1 (weakest) to 0.5, up to a maximum of 1 (white)."""
    return np.minimum(images + 0.1 * strength, 1)


def contrast(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Multiply each pixel's difference from the image's mean by a factor.

    The factor falls from 0.4 at strength 1 to 0.05 at strength 5.
    """
    factor = (0.4, 0.3, 0.2, 0.1, 0.05)[strength - 1]
    means = images.mean(axis=(1, 2), keepdims=True)
    return means + factor * (images - means)


def inversion(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Invert the image and multiply it by 0.2 (weakest) to 1 (strongest)."""
    return 0.2 * strength * (1 - images)


def stripe(images: np.ndarray, strength: int, _rng: np.random.Generator) -> np.ndarray:
    """Invert a stripe at the left edge and a stripe at the right edge.

    Both stripes are vertical, and 3 (weakest) to 11 pixels wide.
    """
    width = 2 * strength + 1
    striped = images.copy()
    for edge in (np.s_[..., :width], np.s_[..., -width:]):
        striped[edge] = 1 - images[edge]
    return striped


def fog(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Add a random cloud to the image.

    The cloud has values in 0..1, which are multiplied by 1.5 (weakest) to 3
    (strongest). The cloud has the same smoothness at strengths 1 and 2, and becomes
    less smooth with each further strength. The sum of image and cloud is scaled so that
    it cannot exceed the maximum of the original image.
    """
    density, decay = ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))[strength - 1]
    height, width = images.shape[1:]
    foggy = np.empty_like(images)
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        clouds = _plasma(len(batch), 256, decay, rng)[:, :height, :width]
        maxima = batch.max(axis=(1, 2), keepdims=True)
        foggy[start : start + BATCH_SIZE] = (
            (batch + density * clouds) * maxima / (maxima + density)
        )
    return np.clip(foggy, 0, 1)


def _plasma(
    count: int, side: int, decay: float, rng: np.random.Generator
) -> np.ndarray:
    """Return random clouds, made by the diamond-square algorithm.

    The result is float32 (count, side, side) in 0..1, where ``side`` is a power of 2.
    The clouds wrap around at their edges. Each round of the algorithm halves the
    distance between the points that have values, and divides the amplitude of the noise
    by the square of ``decay``.

    Source: Fournier, Fussell and Carpenter 1982, "Computer rendering of stochastic
    models".
    """
    clouds = np.zeros((count, side, side), np.float32)
    step, noise = side, np.float32(1)

    def fill(points: np.ndarray, *neighbours: np.ndarray) -> None:
        uniform = rng.random(points.shape, dtype=np.float32)
        points[:] = sum(neighbours) / 4 + noise * (2 * uniform - 1)

    while step > 1:
        half = step // 2
        corners = clouds[:, ::step, ::step]
        below = np.roll(corners, -1, axis=1)
        centres = clouds[:, half::step, half::step]
        fill(
            centres,
            *(corners, below),
            *(np.roll(corners, -1, axis=2), np.roll(below, -1, axis=2)),
        )
        fill(
            clouds[:, ::step, half::step],
            *(corners, np.roll(corners, -1, axis=2)),
            *(centres, np.roll(centres, 1, axis=1)),
        )
        fill(
            clouds[:, half::step, ::step],
            *(corners, below),
            *(centres, np.roll(centres, 1, axis=2)),
        )
        step, noise = half, np.float32(noise / decay**2)
    clouds -= clouds.min(axis=(1, 2), keepdims=True)
    return clouds / clouds.max(axis=(1, 2), keepdims=True)
