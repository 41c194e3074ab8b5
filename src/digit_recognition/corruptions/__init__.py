"""Corrupt images to evaluate models, never to train them.

A family is one kind of corruption, with strengths of 1 (weakest) to 5.

The first fifteen families are those of MNIST-C (Mu and Gilmer 2019, "MNIST-C: A
robustness benchmark for computer vision", https://github.com/google-research/mnist-c).
The other families are not part of MNIST-C.

MNIST-C's published images have only one strength for each family. The dictionary
``MNIST_C`` maps each family of MNIST-C to this strength. For the other strengths, the
settings come from MNIST-C's code. If that code has no settings for a strength, they
were chosen for this project.
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
"""The families of MNIST-C, each with the strength of its published images."""

FAMILIES = {
    family.__name__: family
    for family in (
        *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate),
        *(brightness, translate, stripe, fog, spatter, dotted_line, zigzag),
        *(canny_edges, contrast, inversion, elastic, erased_patches, ruled_paper),
        *(jpeg, low_resolution, thin_strokes, thick_strokes),
    )
}
"""The function of each family, by name.

Each function takes images of dtype float32 and shape (n, 28, 28) with values in 0..1, a
strength of 1 (weakest) to 5, and a NumPy random generator. It returns the corrupted
images in the same shape.
"""


def corrupt(images: np.ndarray, family: str, strength: int, seed: int) -> np.ndarray:
    """Return the images, corrupted by one family of corruptions.

    ``images`` and the result are float32 (n, 28, 28, 1) in 0..1, with white ink on
    black. ``family`` is a key of FAMILIES, and ``strength`` is 1 (weakest) to 5. Calls
    with equal arguments give the same result. Raises ProjectError for an unknown family
    or strength.
    """
    if family not in FAMILIES:
        raise ProjectError(
            f"expected a family, received {family!r}; use one of {', '.join(FAMILIES)}"
        )
    is_integer = isinstance(strength, int | np.integer) and not isinstance(
        strength, bool
    )
    if not is_integer or not 1 <= strength <= 5:
        raise ProjectError(
            f"expected a strength of 1 to 5 for {family}, received {strength!r}; use "
            "an integer from 1 to 5"
        )
    if not len(images):
        return images
    rng = np.random.default_rng([seed, *family.encode()])
    corrupted = FAMILIES[family](images[..., 0], strength, rng)
    return np.clip(corrupted, 0, 1).astype(np.float32)[..., None]


__all__ = ["FAMILIES", "MNIST_C", "corrupt"]
