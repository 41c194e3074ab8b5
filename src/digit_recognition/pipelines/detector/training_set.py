"""Make the images that the detector is trained on.

The detector is a network that tells digits from non-digits. The images show MNIST
digits, synthetic digits in other styles than MNIST's, and synthetic non-digits.
"""

from __future__ import annotations

import numpy as np

from digit_recognition.handwriting import write_digits
from digit_recognition.handwriting.pages import read_back
from digit_recognition.models.detector import NON_DIGIT
from digit_recognition.nondigits import make_non_digits
from digit_recognition.nondigits.drawings import sample_images
from digit_recognition.nondigits.variations import simulate_scanners, vary_handwriting

COPIED, STROKES = 60, 10
"""Percentages of two kinds of digits among the digits that ``write_digits`` makes.

60 % are copies of MNIST's digits, and 10 % are MNIST's digits with an added stroke. The
rest are drawings of allographs, which are other ways to write a digit.
"""


def make_training_set(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return images, float32 (count, 28, 28, 1) in 0..1, and their classes (count,).

    ``images`` holds MNIST digits, float32 (n, 28, 28) in 0..1. ``labels`` (n,) holds
    their labels in 0..9. The returned classes are 0..9 for digits and 10 for
    non-digits.

    Half of the returned images are digits:

    - A third of the digits are changed by ``vary_handwriting`` and
      ``simulate_scanners``.
    - Up to a third are made by ``write_digits``, which puts digits on synthetic pages
      and cuts them out again. Digits that are not found on their page are left out.
    - The rest are unchanged.

    The other half are synthetic non-digits:

    - A third of the non-digits are changed by ``simulate_scanners``.
    - A third are put on synthetic pages and cut out again. Non-digits that are not
      found on their page stay unchanged.
    - The rest are unchanged.
    """
    rng = np.random.default_rng(seed)
    digits = count // 2
    third = digits // 3
    copied, strokes = COPIED * third // 100, STROKES * third // 100
    written, written_labels = write_digits(
        images,
        labels,
        copied=copied,
        strokes=strokes,
        allographs=third - copied - strokes,
        seed=seed,
    )
    rows = sample_images(np.arange(len(images)), digits - len(written), rng)
    varied = simulate_scanners(vary_handwriting(images[rows[:third]], rng), rng)
    non_digits, _ = make_non_digits(images, labels, count - digits, seed)
    softened, read = np.array_split(rng.permutation(len(non_digits)), 3)[:2]
    non_digits[softened] = simulate_scanners(non_digits[softened], rng)
    fields, found = read_back(non_digits[read], rng)
    non_digits[read[found]] = fields
    pictures = np.concatenate([varied, images[rows[third:]], written, non_digits])
    classes = np.concatenate(
        [labels[rows], written_labels, np.full(len(non_digits), NON_DIGIT)]
    )
    return pictures[..., None], classes
