"""Families of noise."""

from __future__ import annotations

import numpy as np


def shot_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Each pixel a Poisson count, of 60 down to 3 for white."""
    white = (60, 25, 12, 5, 3)[strength - 1]
    return np.clip(rng.poisson(images * white) / white, 0, 1)


def impulse_noise(
    images: np.ndarray, strength: int, rng: np.random.Generator
) -> np.ndarray:
    """Salt and pepper, half and half, on 3 to 27 % of the pixels."""
    from skimage.util import random_noise

    share = (0.03, 0.06, 0.09, 0.17, 0.27)[strength - 1]
    return random_noise(images, mode="s&p", rng=rng, amount=share)
