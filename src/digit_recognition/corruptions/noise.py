"""Corruptions by random noise."""

from __future__ import annotations

import numpy as np


def shot_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Replace each pixel by a random count whose mean is proportional to its value.

    The counts have a Poisson distribution and are scaled back to 0..1. A white pixel
    has a mean count of 60 (weakest) to 3 (strongest).
    """
    white_count = (60, 25, 12, 5, 3)[strength - 1]
    return np.clip(rng.poisson(images * white_count) / white_count, 0, 1)


def impulse_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Make 3 % (weakest) to 27 % of the pixels either white or black at random."""
    from skimage.util import random_noise

    share = (0.03, 0.06, 0.09, 0.17, 0.27)[strength - 1]
    return random_noise(images, mode="s&p", rng=rng, amount=share)
