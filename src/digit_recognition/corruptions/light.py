"""Families of light and paper."""

from __future__ import annotations

import numpy as np

AT_ONCE = 250  # plasma of 256 x 256 pixels each


def brightness(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Brighter by 0.1 to 0.5, cut at white."""
    return np.minimum(images + 0.1 * strength, 1)


def contrast(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Nearer to the image's mean: 0.4 down to 0.05 of the difference is left."""
    left = (0.4, 0.3, 0.2, 0.1, 0.05)[strength - 1]
    means = images.mean(axis=(1, 2), keepdims=True)
    return means + left * (images - means)


def inversion(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Dark ink on paper of 0.2 up to 1, the negative."""
    return 0.2 * strength * (1 - images)


def stripe(images: np.ndarray, strength: int, _rng: np.random.Generator) -> np.ndarray:
    """The negative in a stripe of 3 to 11 pixels along the left and right edges."""
    width = 2 * strength + 1
    changed = images.copy()
    for edge in (np.s_[..., :width], np.s_[..., -width:]):
        changed[edge] = 1 - images[edge]
    return changed


def fog(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Behind a plasma cloud, 1.5 to 3 times as bright as the ink."""
    density, decay = ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))[strength - 1]
    height, width = images.shape[1:]
    changed = np.empty_like(images)
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        clouds = _plasma(len(part), 256, decay, rng)[:, :height, :width]
        ink = part.max(axis=(1, 2), keepdims=True)
        changed[start : start + AT_ONCE] = (
            (part + density * clouds) * ink / (ink + density)
        )
    return np.clip(changed, 0, 1)


def _plasma(
    count: int, side: int, decay: float, rng: np.random.Generator
) -> np.ndarray:
    """Clouds (count, side, side) in 0..1 by the diamond-square algorithm.

    Fournier, Fussell and Carpenter 1982, "Computer rendering of stochastic models". The
    map repeats at its edges; noise falls with the square of ``decay`` at each halving.
    """
    clouds = np.zeros((count, side, side), np.float32)
    step, noise = side, np.float32(1)

    def fill(points: np.ndarray, *neighbours: np.ndarray) -> None:
        drawn = rng.random(points.shape, dtype=np.float32)
        points[:] = sum(neighbours) / 4 + noise * (2 * drawn - 1)

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
