"""The same drawings by other hands, other pens and other scanners."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from digit_recognition import IMAGE_SIZE

from .drawings import TINY, as_fields, turns, warp

REDRAWN = 0.6
FAINT = 0.05


def redraw(drawings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawings by felt pens, each of one width and full ink all along its strokes.

    ``drawings`` is (n, height, width) in 0..1, black at its edges; the result is
    float32 of its shape. Strokes are 1 to 5 pixels wide.
    """
    from skimage.morphology import skeletonize

    column = (drawings > 0.5 * drawings.max(axis=(1, 2), keepdims=True)).copy()
    column[:, [0, -1]] = column[:, :, [0, -1]] = False  # no two drawings touch
    column[~column.any(axis=(1, 2)), IMAGE_SIZE // 2, IMAGE_SIZE // 2] = True
    middle = skeletonize(column.reshape(-1, column.shape[2]))  # all of them at once
    away = ndimage.distance_transform_edt(~middle).reshape(drawings.shape)
    reach = rng.uniform(0.5, 2.5, (len(drawings), 1, 1))
    return np.clip(reach + 0.5 - away, 0, 1).astype(np.float32)


def vary(drawings: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fields of the same digits by other hands: slanted, stretched, by other pens.

    ``drawings`` is (n, 28, 28); six of ten are drawn again by felt pens.
    """
    count = len(drawings)
    matrices = turns(rng.uniform(-0.2, 0.2, count))
    matrices[:, 1, 0] += rng.uniform(-0.2, 0.2, count)
    matrices *= rng.uniform(0.85, 1.15, (count, 2, 1))
    varied = warp(drawings, matrices)
    again = rng.random(count) < REDRAWN
    varied[again] = redraw(varied[again], rng)
    return as_fields(varied)


def soften(fields: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The fields as other scanners would give them, a fifth each in another way.

    Blurred a little, blurred more, with hard edges, with faint ink, and as they were;
    one in five has noise on its ink.
    """
    softened = fields.copy()
    fifths = np.array_split(rng.permutation(len(fields)), 5)
    for rows, sigma in zip(fifths, (0.5, 0.8), strict=False):
        softened[rows] = ndimage.gaussian_filter(fields[rows], (0, sigma, sigma))
    hard, faint = fifths[2:4]
    softened[hard] *= rng.uniform(1.2, 3, (len(hard), 1, 1))
    softened[faint] **= rng.uniform(1, 2, (len(faint), 1, 1))
    softened[hard] = np.minimum(softened[hard], 1)
    most = softened.max(axis=(1, 2), keepdims=True)
    softened /= np.maximum(most, TINY)
    noisy = rng.permutation(len(fields))[: len(fields) // 5]
    noise = rng.normal(0, 0.08, (len(noisy), *fields.shape[1:]))
    softened[noisy] += noise * (softened[noisy] > FAINT)
    return np.clip(softened, 0, 1)
