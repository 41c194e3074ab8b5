"""Families that move ink: all about the image's centre, (13.5, 13.5) of 28 pixels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

AT_ONCE = 1000


def shear(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Slanted by 0.2 to 1 radian to a random side."""
    slopes = rng.choice([-1, 1], len(images)) * np.tan(0.2 * strength)
    return _each(images, slopes, lambda slope: np.array([[1, 0], [slope, 1]]))


def scale(images: np.ndarray, strength: int, _rng: np.random.Generator) -> np.ndarray:
    """Smaller: 0.9 to 0.5 of the size."""
    size = (0.9, 0.8, 0.7, 0.6, 0.5)[strength - 1]
    return _warp(images, np.eye(2) / size)


def rotate(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Turned by 0.2 to 1 radian to a random side."""
    angles = rng.choice([-1, 1], len(images)) * 0.2 * strength
    return _each(
        images,
        angles,
        lambda a: np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]),
    )


def translate(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Shifted by 1 to 5 pixels, to a random side both down and across."""
    moved = np.zeros_like(images)
    signs = rng.choice([-1, 1], (len(images), 2))
    for down in (-1, 1):
        for right in (-1, 1):
            rows = (signs == (down, right)).all(axis=1)
            shift = (0, down * strength, right * strength)
            moved[rows] = ndimage.shift(images[rows], shift, order=0)
    return moved


def elastic(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth random displacements of 0.5 to 2.5 pixels (root mean square per axis).

    After Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural
    networks applied to visual document analysis"; smoothed over 4 pixels.
    """
    changed = np.empty_like(images)
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        at = np.indices(part.shape, dtype=np.float32)
        for axis in (1, 2):
            drawn = rng.uniform(-1, 1, part.shape)
            smooth = ndimage.gaussian_filter(drawn, (0, 4, 4), mode="reflect")
            at[axis] += 0.5 * strength * smooth / smooth.std()
        changed[start : start + AT_ONCE] = ndimage.map_coordinates(part, at, order=1)
    return changed


def _each(images, values, matrix) -> np.ndarray:
    changed = np.empty_like(images)
    for value in np.unique(values):
        rows = values == value
        changed[rows] = _warp(images[rows], matrix(value))
    return changed


def _warp(images: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What comes to (row, column) from the centre is taken from ``matrix`` @ it."""
    whole = np.eye(3)
    whole[1:, 1:] = matrix
    centre = (np.array(images.shape) - 1) / 2
    return ndimage.affine_transform(
        images, whole, centre - whole @ centre, order=1, mode="grid-constant"
    )
