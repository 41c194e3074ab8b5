"""Corrupted images by named families, for judging models; never for training them.

The first fifteen have the names, and at the strengths in ``MNIST_C`` the settings, of
MNIST-C (Mu and Gilmer 2019, "MNIST-C: A robustness benchmark for computer vision",
https://github.com/google-research/mnist-c). Further settings are that code's where it
has them, and otherwise this project's.
"""

from __future__ import annotations

import numpy as np

from digit_recognition.errors import ProjectError

from .blurs import glass_blur, jpeg, low_resolution, motion_blur
from .geometry import elastic, rotate, scale, shear, translate
from .light import brightness, contrast, fog, inversion, stripe
from .marks import dotted_line, erased_patches, ruled_paper, spatter, zigzag
from .noise import impulse_noise, shot_noise
from .strokes import canny_edges, thick_strokes, thin_strokes

MNIST_C = {
    "shot_noise": 5,
    "impulse_noise": 4,
    "glass_blur": 1,
    "motion_blur": 1,
    "shear": 2,
    "scale": 3,
    "rotate": 2,
    "brightness": 5,
    "translate": 3,
    "stripe": 3,
    "fog": 5,
    "spatter": 4,
    "dotted_line": 3,
    "zigzag": 3,
    "canny_edges": 3,
}
"""The strength of each published family that the published images have."""

FAMILIES = {
    family.__name__: family
    for family in (
        *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate),
        *(brightness, translate, stripe, fog, spatter, dotted_line, zigzag),
        *(canny_edges, contrast, inversion, elastic, erased_patches, ruled_paper),
        *(jpeg, low_resolution, thin_strokes, thick_strokes),
    )
}
"""A function each: of images, a strength of 1 to 5 and a random generator."""


def corrupt(images: np.ndarray, family: str, strength: int, seed: int) -> np.ndarray:
    """The images through one family: float32 (n, 28, 28, 1) in 0..1, as they come.

    White ink on black. The same seed gives the same result, whatever other families
    are asked for. Raises ProjectError for a family or a strength that there is not.
    """
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ProjectError(
            f"expected a family of {known}; received {family!r}; name one of these"
        )
    whole = isinstance(strength, int | np.integer) and not isinstance(strength, bool)
    if not whole or not 1 <= strength <= 5:
        raise ProjectError(
            f"expected a strength of 1 to 5 for {family}, received {strength!r}; take "
            "an integer of these"
        )
    if not len(images):
        return images
    rng = np.random.default_rng([seed, *family.encode()])
    changed = FAMILIES[family](images[..., 0], strength, rng)
    return np.clip(changed, 0, 1).astype(np.float32)[..., None]


__all__ = ["FAMILIES", "MNIST_C", "corrupt"]
