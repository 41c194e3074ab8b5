"""Corruptions that change the strokes of a digit."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FOOTPRINT = ndimage.generate_binary_structure(2, 1)[None]


def canny_edges(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Keep only the edges that Canny's detector finds.

    The detector first smooths the image by a Gaussian filter with a standard deviation
    of 0.5 (weakest) to 1.5 pixels.
    """
    from skimage.feature import canny

    sigma = (0.5, 0.75, 1.0, 1.25, 1.5)[strength - 1]
    return np.stack([canny(image, sigma) for image in images]).astype(np.float32)


def thin_strokes(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Erode strokes by 0.2 (weakest) to 1 pixel on each side."""
    return _apply_morphology(images, 0.2 * strength, ndimage.grey_erosion)


def thick_strokes(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Dilate strokes by 0.4 (weakest) to 2 pixels on each side."""
    return _apply_morphology(images, 0.4 * strength, ndimage.grey_dilation)


def _apply_morphology(images, pixels: float, morphology) -> np.ndarray:
    """Erode or dilate the strokes of images by ``pixels`` on each side.

    ``morphology`` is ``grey_erosion`` or ``grey_dilation`` of ``scipy.ndimage``. Each
    step applies it once and moves the edges of strokes by one pixel. If ``pixels`` is
    not an integer, the last step moves the edges by the remaining fraction of a pixel.
    Its result is a weighted mean of the images before and after ``morphology``.
    """
    while pixels > 0:
        changed = morphology(images, footprint=FOOTPRINT)
        images = images + np.float32(min(pixels, 1)) * (changed - images)
        pixels = round(pixels - 1, 6)
    return images
