"""Random variations of drawings that imitate other writers, pens and scanners."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import batch_to_mnist_format, rotation_matrices, scale_to_maximum, warp

REDRAW_PROBABILITY = 0.6
NOISE_THRESHOLD = 0.05
"""Noise is added only to pixels that are brighter than this value."""


def redraw_with_pen(drawings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Redraw each drawing with a felt pen of constant width and intensity.

    ``drawings`` is (n, height, width) in 0..1. The result is float32 of the same shape,
    with strokes 1 to 5 pixels wide. Ink in the outermost pixels of a drawing is
    ignored. A drawing without ink becomes a dot.
    """
    from skimage.morphology import skeletonize

    # Stack the drawings in one column, to skeletonize all of them in one call.
    column = (drawings > 0.5 * drawings.max(axis=(1, 2), keepdims=True)).copy()
    column[:, [0, -1]] = column[:, :, [0, -1]] = False  # no two drawings touch
    column[~column.any(axis=(1, 2)), IMAGE_SIZE // 2, IMAGE_SIZE // 2] = True
    skeleton = skeletonize(column.reshape(-1, column.shape[2]))
    distance = ndimage.distance_transform_edt(~skeleton).reshape(drawings.shape)
    radius = rng.uniform(0.5, 2.5, (len(drawings), 1, 1))
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def vary_handwriting(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rotate, slant and stretch digits, and redraw about 60 % with felt pens.

    ``digits`` is (n, 28, 28). The result is float32 of the same shape, in MNIST's
    format.
    """
    count = len(digits)
    matrices = rotation_matrices(rng.uniform(-0.2, 0.2, count))
    matrices[:, 1, 0] += rng.uniform(-0.2, 0.2, count)
    matrices *= rng.uniform(0.85, 1.15, (count, 2, 1))
    varied = warp(digits, matrices)
    redrawn = rng.random(count) < REDRAW_PROBABILITY
    varied[redrawn] = redraw_with_pen(varied[redrawn], rng)
    return batch_to_mnist_format(varied)


def simulate_scanners(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change images (n, 28, 28) in 0..1 as different scanners would.

    The images are divided into five random groups of equal size:

    - the first is blurred slightly;
    - the second is blurred more;
    - the third gets hard edges;
    - the fourth gets fainter edges;
    - the fifth is not changed.

    Then each image is scaled to a maximum of 1, and noise is added to the ink of a
    random 20 % of all images. The result has the shape of ``images``, in 0..1.
    """
    scans = images.copy()
    fifths = np.array_split(rng.permutation(len(images)), 5)
    for rows, sigma in zip(fifths, (0.5, 0.8), strict=False):
        scans[rows] = ndimage.gaussian_filter(images[rows], (0, sigma, sigma))
    hard, faint = fifths[2:4]
    scans[hard] *= rng.uniform(1.2, 3, (len(hard), 1, 1))
    scans[faint] **= rng.uniform(1, 2, (len(faint), 1, 1))
    scans[hard] = np.minimum(scans[hard], 1)
    scans = scale_to_maximum(scans)
    noisy = rng.permutation(len(images))[: len(images) // 5]
    noise = rng.normal(0, 0.08, (len(noisy), *images.shape[1:]))
    scans[noisy] += noise * (scans[noisy] > NOISE_THRESHOLD)
    return np.clip(scans, 0, 1)
