"""Geometric corruptions.

Shear, scale and rotate keep the centre of the image, (13.5, 13.5), in its place.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

BATCH_SIZE = 1000  # limits memory use


def shear(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Shear horizontally by 0.2 (weakest) to 1 radian, to a random side."""
    slopes = rng.choice([-1, 1], len(images)) * np.tan(0.2 * strength)
    return _warp_each(images, slopes, lambda slope: np.array([[1, 0], [slope, 1]]))


def scale(images: np.ndarray, strength: int, _rng: np.random.Generator) -> np.ndarray:
    """Scale the content of the image by 0.9 (weakest) to 0.5 (strongest)."""
    factor = (0.9, 0.8, 0.7, 0.6, 0.5)[strength - 1]
    return _warp(images, np.eye(2) / factor)


def rotate(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Rotate by 0.2 (weakest) to 1 radian, in either direction at random."""
    angles = rng.choice([-1, 1], len(images)) * 0.2 * strength
    return _warp_each(
        images,
        angles,
        lambda a: np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]),
    )


def translate(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Shift by 1 (weakest) to 5 pixels along each axis.

    The direction is one of the four diagonals, at random.
    """
    moved = np.zeros_like(images)
    signs = rng.choice([-1, 1], (len(images), 2))
    for down in (-1, 1):
        for right in (-1, 1):
            rows = (signs == (down, right)).all(axis=1)
            shift = (0, down * strength, right * strength)
            moved[rows] = ndimage.shift(images[rows], shift, order=0)
    return moved


def elastic(images: np.ndarray, strength: int, rng: np.random.Generator) -> np.ndarray:
    """Distort the image by random displacements, smoothed by a Gaussian filter.

    The filter has a standard deviation of 4 pixels. Along each axis, the smoothed
    displacements have a root mean square of 0.5 (weakest) to 2.5 pixels.

    Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural
    networks applied to visual document analysis".
    """
    distorted = np.empty_like(images)
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        source = np.indices(batch.shape, dtype=np.float32)
        for axis in (1, 2):
            noise = rng.uniform(-1, 1, batch.shape)
            smooth = ndimage.gaussian_filter(noise, (0, 4, 4), mode="reflect")
            source[axis] += 0.5 * strength * smooth / smooth.std()
        distorted[start : start + BATCH_SIZE] = ndimage.map_coordinates(
            batch, source, order=1
        )
    return distorted


def _warp_each(images, values, matrix) -> np.ndarray:
    """Warp each image by its own matrix; see ``_warp``.

    ``values`` has one value per image, shape (n,). The matrix of an image is
    ``matrix(value)``.
    """
    warped = np.empty_like(images)
    for value in np.unique(values):
        rows = values == value
        warped[rows] = _warp(images[rows], matrix(value))
    return warped


def _warp(images: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Resample images so that the output at p is the input at ``matrix @ p``.

    ``matrix`` has shape (2, 2). The point p is (row, column) relative to the centre of
    the image.
    """
    stack_matrix = np.eye(3)  # the first axis numbers the images
    stack_matrix[1:, 1:] = matrix
    centre = (np.array(images.shape) - 1) / 2
    offset = centre - stack_matrix @ centre
    return ndimage.affine_transform(
        images, stack_matrix, offset, order=1, mode="grid-constant"
    )
