"""The images that the detector is trained on: digits and synthetic non-digits."""

from __future__ import annotations

import numpy as np

from digit_recognition.models.detector import NON_DIGIT
from digit_recognition.nondigits import make_non_digits
from digit_recognition.nondigits.drawings import sample_images
from digit_recognition.nondigits.variations import simulate_scanners, vary_handwriting


def make_training_set(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return images, float32 (count, 28, 28, 1) in 0..1, and their classes (count,).

    ``images`` is float32 (n, 28, 28) in 0..1; ``labels`` (n,) holds the digits shown.
    The classes are 0..9 for digits and 10 for non-digits.

    Half of the returned images are digits from ``images``. One third of these digits
    are unchanged; two thirds are changed by ``vary_handwriting`` and
    ``simulate_scanners``. The other half of the returned images are non-digits. Two
    thirds of these non-digits are changed by ``simulate_scanners``.
    """
    rng = np.random.default_rng(seed)
    digits = count // 2
    rows = sample_images(np.arange(len(images)), digits, rng)
    unchanged = rows[: digits // 3]
    non_digits, _ = make_non_digits(images, labels, count - digits, seed)
    softened = rng.permutation(len(non_digits))[: 2 * len(non_digits) // 3]
    non_digits[softened] = simulate_scanners(non_digits[softened], rng)
    varied = vary_handwriting(images[rows[len(unchanged) :]], rng)
    varied = simulate_scanners(varied, rng)
    pictures = np.concatenate([images[unchanged], varied, non_digits])
    classes = np.concatenate([labels[rows], np.full(len(non_digits), NON_DIGIT)])
    return pictures[..., None], classes
