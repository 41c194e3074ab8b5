"""Solid random shapes, of no digit at all.

Each kind is called as the others are, with images and labels that it has no use for,
and gives drawings, float32 (count, 28, 28) in 0..1 unless said otherwise.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import turns

GRID = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1) - (IMAGE_SIZE - 1) / 2
"""How far down and right of the centre each pixel is, (2, 784)."""


def filled(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Ellipses, boxes, stars and what is between; long ones lie, upright they are ones.

    Superellipses of half axes of 3 to 13 pixels, their edges hard or soft.
    """
    high, wide = np.sort(rng.uniform(3, 13, (2, count, 1)), axis=0)
    most = np.where(wide > 2 * high, np.pi / 4, np.pi / 2)
    angles = rng.uniform(-1, 1, count) * most[:, 0]
    down, across = np.moveaxis(turns(angles) @ GRID, 1, 0)
    power = np.exp(rng.uniform(-0.5, 2.5, (count, 1)))
    away = (np.abs(down / high) ** power + np.abs(across / wide) ** power) ** (
        1 / power
    )
    return _drawn((1 - away) / rng.uniform(0.02, 0.8, (count, 1)))


def cut_out(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Polygons of three to five straight cuts, shaded to a side."""
    solid = np.full((count, GRID.shape[1]), np.inf)
    start = rng.uniform(0, 2 * np.pi, count)
    for share, side in ((1, 0), (1, 1), (1, 2), (0.5, 0.5), (0.5, 1.5)):
        angles = start + (side + rng.uniform(-0.25, 0.25, count)) * 2 * np.pi / 3
        away = rng.uniform(3, 9, (count, 1)) - (turns(angles) @ GRID)[:, 0]
        solid = np.where(rng.random((count, 1)) < share, np.minimum(solid, away), solid)
    down = (turns(rng.uniform(-np.pi, np.pi, count)) @ GRID)[:, 0] / IMAGE_SIZE
    shade = 1 + rng.uniform(0, 2, (count, 1)) * (down - 0.25)
    return _drawn(np.clip(solid + 0.5, 0, 1) * shade)


def stained(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """What is high of a random field, smooth over 1 to 4 pixels, hard or soft edged."""
    field = rng.normal(size=(count, IMAGE_SIZE, IMAGE_SIZE)).astype(np.float32)
    for rows, sigma in zip(
        np.array_split(np.arange(count), 4), (1, 1.5, 2.5, 4), strict=True
    ):
        field[rows] = ndimage.gaussian_filter(field[rows], (0, sigma, sigma))
    field /= field.std(axis=(1, 2), keepdims=True)
    level = rng.uniform(-1, 1.2, (count, 1, 1))
    softness = np.exp(rng.uniform(-3, 1, (count, 1, 1)))
    return _drawn((field - level) / softness)


def blotted(
    _images: np.ndarray, _labels: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """One piece of what is high of a random field, its edge smooth or ragged.

    That is what the reader takes for a mark of a page that is no writing: one piece,
    often longer one way. A little shaded. Drawings of 40x40 pixels.
    """
    lengths = (1.5, 1.5), (3, 3), (4, 1.2), (1.2, 4), (6, 2), (2.5, 1.2)
    parts = np.array_split(rng.permutation(count), len(lengths))
    field = np.empty((count, 40, 40), np.float32)
    for rows, sigma in zip(parts, lengths, strict=True):
        field[rows] = _field(len(rows), sigma, rng)
    field += rng.uniform(0, 0.5, (count, 1, 1)) * _field(count, (0.8, 0.8), rng)
    high = field > rng.uniform(0.3, 1.6, (count, 1, 1))
    shade = 1 + rng.uniform(0, 0.3, (count, 1, 1)) * _field(count, (5, 5), rng)
    ink = np.stack([_largest_piece(mask) for mask in high]) * shade
    return np.clip(ink / 1.6, 0, 1).astype(np.float32)


def _field(
    count: int, sigma: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Random fields (count, 40, 40), smooth over so many pixels down and across."""
    field = ndimage.gaussian_filter(rng.normal(size=(count, 40, 40)), (0, *sigma))
    return field / field.std(axis=(1, 2), keepdims=True)


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    labels, _ = ndimage.label(mask)
    areas = np.bincount(labels.ravel(), minlength=2)
    return labels == areas[1:].argmax() + 1


def _drawn(ink: np.ndarray) -> np.ndarray:
    return np.clip(ink, 0, 1).astype(np.float32).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
