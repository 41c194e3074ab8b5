"""Non-digits that are solid random shapes.

Each function takes the same arguments as all functions in ``nondigits.KINDS``, but
ignores the images and labels. It returns drawings, float32 in 0..1. Their shape is
(count, 40, 40) for ``blots`` and (count, 28, 28) for all other functions.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import rotation_matrices

GRID = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1) - (IMAGE_SIZE - 1) / 2
"""Row and column of each pixel relative to the centre, float (2, 784)."""

BLOT_SIZE = 40  # pixels


def superellipses(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw superellipses: star-like, elliptic or box-like, with hard or soft edges.

    The semi-axes are 3 to 13 pixels. Elongated shapes lie within 45 degrees of the
    horizontal, because upright shapes would look like the digit 1.
    """
    height, width = np.sort(rng.uniform(3, 13, (2, count, 1)), axis=0)
    max_angle = np.where(width > 2 * height, np.pi / 4, np.pi / 2)
    angles = rng.uniform(-1, 1, count) * max_angle[:, 0]
    rows, columns = np.moveaxis(rotation_matrices(angles) @ GRID, 1, 0)
    power = np.exp(rng.uniform(-0.5, 2.5, (count, 1)))
    radius = (np.abs(rows / height) ** power + np.abs(columns / width) ** power) ** (
        1 / power
    )
    return _to_drawings((1 - radius) / rng.uniform(0.02, 0.8, (count, 1)))


def polygons(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw polygons with three to five sides.

    The brightness of a polygon changes evenly along a random direction.
    """
    depth = np.full((count, GRID.shape[1]), np.inf)
    start = rng.uniform(0, 2 * np.pi, count)
    for probability, side in ((1, 0), (1, 1), (1, 2), (0.5, 0.5), (0.5, 1.5)):
        angles = start + (side + rng.uniform(-0.25, 0.25, count)) * 2 * np.pi / 3
        rows = (rotation_matrices(angles) @ GRID)[:, 0]
        side_depth = rng.uniform(3, 9, (count, 1)) - rows
        has_side = rng.random((count, 1)) < probability
        depth = np.where(has_side, np.minimum(depth, side_depth), depth)
    angles = rng.uniform(-np.pi, np.pi, count)
    rows = (rotation_matrices(angles) @ GRID)[:, 0] / IMAGE_SIZE
    shade = 1 + rng.uniform(0, 2, (count, 1)) * (rows - 0.25)
    return _to_drawings(np.clip(depth + 0.5, 0, 1) * shade)


def thresholded_noise(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the areas where smoothed noise exceeds a threshold, with hard or soft edges.

    The noise is smoothed by a Gaussian filter with a standard deviation of 1 to 4
    pixels.
    """
    noise = rng.normal(size=(count, IMAGE_SIZE, IMAGE_SIZE)).astype(np.float32)
    for rows, sigma in zip(
        np.array_split(np.arange(count), 4), (1, 1.5, 2.5, 4), strict=True
    ):
        noise[rows] = ndimage.gaussian_filter(noise[rows], (0, sigma, sigma))
    noise /= noise.std(axis=(1, 2), keepdims=True)
    threshold = rng.uniform(-1, 1.2, (count, 1, 1))
    softness = np.exp(rng.uniform(-3, 1, (count, 1, 1)))
    return _to_drawings((noise - threshold) / softness)


def blots(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw single blots, often elongated, with smooth or ragged edges.

    A blot is the largest connected component of thresholded noise, slightly shaded.
    Blots resemble objects that are found on pages but are not writing.
    """
    sigmas = (1.5, 1.5), (3, 3), (4, 1.2), (1.2, 4), (6, 2), (2.5, 1.2)
    groups = np.array_split(rng.permutation(count), len(sigmas))
    noise = np.empty((count, BLOT_SIZE, BLOT_SIZE), np.float32)
    for rows, sigma in zip(groups, sigmas, strict=True):
        noise[rows] = _smooth_noise(len(rows), sigma, rng)
    noise += rng.uniform(0, 0.5, (count, 1, 1)) * _smooth_noise(count, (0.8, 0.8), rng)
    masks = noise > rng.uniform(0.3, 1.6, (count, 1, 1))
    shade = 1 + rng.uniform(0, 0.3, (count, 1, 1)) * _smooth_noise(count, (5, 5), rng)
    ink = np.stack([_largest_component(mask) for mask in masks]) * shade
    return np.clip(ink / 1.6, 0, 1).astype(np.float32)


def _smooth_noise(
    count: int, sigma: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Return Gaussian noise (count, 40, 40), smoothed, with a standard deviation of 1.

    ``sigma`` holds the standard deviations of the smoothing filter, in pixels: first
    along the vertical axis, then along the horizontal axis.
    """
    noise = rng.normal(size=(count, BLOT_SIZE, BLOT_SIZE))
    noise = ndimage.gaussian_filter(noise, (0, *sigma))
    return noise / noise.std(axis=(1, 2), keepdims=True)


def _largest_component(mask: np.ndarray) -> np.ndarray:
    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel(), minlength=2)
    return labels == areas[1:].argmax() + 1


def _to_drawings(ink: np.ndarray) -> np.ndarray:
    return np.clip(ink, 0, 1).astype(np.float32).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
