"""Corruptions by random noise."""

from __future__ import annotations

import numpy as np


def shot_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Replace each pixel by a random count, as if a camera counted photons.

    The counts have a Poisson distribution. The mean count is proportional to the
    pixel's value. The mean count of a white pixel is 60 at the lowest ``strength`` and
    3 at the highest. A lower mean gives more noise, because low counts vary more in
    relation to their mean. The counts are scaled back to 0..1.
    """
    white_count = (60, 25, 12, 5, 3)[strength - 1]
    return np.clip(rng.poisson(images * white_count) / white_count, 0, 1)


def impulse_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Make some pixels white and some pixels black.

    ``strength``, from 1 (weakest) to 5, sets the share of changed pixels, from 3 % to
    27 %. These pixels are chosen at random. For each of them, white and black are
    equally likely.
    """
    from skimage.util import random_noise

    share = (0.03, 0.06, 0.09, 0.17, 0.27)[strength - 1]
    return random_noise(images, mode="s&p", rng=rng, amount=share)
