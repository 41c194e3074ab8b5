"""Corruptions that reduce sharpness."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage


def glass_blur(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Blur the image, swap random pixels with nearby pixels, and blur it again.

    The blur is a Gaussian filter with a standard deviation of 0.7 (weakest) to 1.5
    pixels.
    """
    sigma, max_distance, rounds = (
        *((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3)),
        *((1.1, 3, 2), (1.5, 4, 2)),
    )[strength - 1]
    count, height, width = images.shape
    blurred = ndimage.gaussian_filter(images, (0, sigma, sigma), mode="nearest")
    numbers = np.arange(count)
    for _ in range(rounds):
        for row in range(height - max_distance, max_distance, -1):
            for column in range(width - max_distance, max_distance, -1):
                swapped = numbers[rng.random(count) < 0.5]
                down, right = rng.integers(
                    -max_distance, max_distance, (2, len(swapped))
                )
                neighbour = swapped, row + down, column + right
                values = blurred[neighbour]
                blurred[neighbour] = blurred[swapped, row, column]
                blurred[swapped, row, column] = values
    return ndimage.gaussian_filter(blurred, (0, sigma, sigma), mode="nearest")


def motion_blur(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Blur each image in a random direction, at most 45 degrees from the horizontal.

    Each pixel becomes a weighted mean of itself and the next 20 (weakest) to 40 pixels
    in this direction. Outside the image, the pixels at its edge are repeated. The
    weights fall with the distance from the pixel, like one side of a Gaussian with a
    standard deviation of 3 (weakest) to 15 pixels.
    """
    radius, sigma = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))[strength - 1]
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    angles = rng.uniform(-np.pi / 4, np.pi / 4, len(images))
    numbers = np.arange(len(images))[:, None, None]
    rows, columns = np.indices(images.shape[1:])
    blurred = np.zeros_like(images)
    for step, weight in zip(steps, weights, strict=True):
        down = np.ceil(step * np.sin(angles) - 0.5).astype(int)[:, None, None]
        right = np.ceil(step * np.cos(angles) - 0.5).astype(int)[:, None, None]
        blurred += weight * (
            images[
                numbers,
                np.clip(rows + down, 0, rows.max()),
                np.clip(columns + right, 0, columns.max()),
            ]
        ).astype(images.dtype)
    return blurred


def low_resolution(
    images: np.ndarray, strength: int, _rng: np.random.Generator
) -> np.ndarray:
    """Reduce the image to 20x20 (weakest) to 8x8 pixels, then enlarge it again."""
    side = (20, 16, 13, 10, 8)[strength - 1]
    size = images.shape[:0:-1]

    def reduce(image: Image.Image) -> Image.Image:
        small = image.resize((side, side), Image.Resampling.BOX)
        return small.resize(size, Image.Resampling.BILINEAR)

    return _apply_pillow(images, reduce)


def jpeg(images: np.ndarray, strength: int, _rng: np.random.Generator) -> np.ndarray:
    """Compress the image as JPEG with a quality of 25 (weakest) to 7 (strongest)."""
    quality = (25, 18, 15, 10, 7)[strength - 1]

    def compress(image: Image.Image) -> Image.Image:
        file = BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return _apply_pillow(images, compress)


def _apply_pillow(images, change) -> np.ndarray:
    """Convert each image to an 8-bit Pillow image, apply ``change``, and convert back.

    ``images`` and the result are float (n, height, width) in 0..1.
    """
    bytes_ = np.rint(images * 255).astype(np.uint8)
    changed = [np.asarray(change(Image.fromarray(image))) for image in bytes_]
    return np.stack(changed).astype(np.float32) / 255
