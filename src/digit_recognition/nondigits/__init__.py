"""Synthetic non-digits: drawings that a detector learns to tell from digits.

The drawings are made of MNIST digits, random strokes and random shapes. Letters, words,
scribbles, ruled lines, pixel noise and photographs are left out on purpose: the
detector is evaluated on them, so it must not be trained on them.
"""

from __future__ import annotations

import numpy as np

from .altered import (
    cropped_digits,
    distorted_digits,
    mirrored_digits,
    mismatched_halves,
    shuffled_quarters,
    sideways_digits,
)
from .drawings import batch_to_mnist_format
from .joined import crossed_ones, digit_fragments, digits_side_by_side, overlaid_digits
from .random_shapes import blots, polygons, superellipses, thresholded_noise
from .random_strokes import arcs_with_strokes, branching_strokes, polygon_outlines
from .variations import redraw_with_pen

FROM_DIGITS = (
    *(overlaid_digits, digits_side_by_side, digit_fragments, crossed_ones),
    *(shuffled_quarters, mismatched_halves, mirrored_digits, sideways_digits),
    *(distorted_digits, cropped_digits),
)
FROM_RANDOM_NUMBERS = (
    *(branching_strokes, polygon_outlines, arcs_with_strokes),
    *(superellipses, polygons, thresholded_noise, blots),
)
KINDS = {kind.__name__: kind for kind in FROM_DIGITS + FROM_RANDOM_NUMBERS}
"""The functions that draw non-digits, by name."""


def make_non_digits(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw ``count`` non-digits; return them and the names of their kinds.

    ``images`` holds MNIST digits, float32 (n, 28, 28) in 0..1. ``labels`` is (n,) in
    0..9 and contains every digit. The non-digits are float32 (count, 28, 28) in 0..1,
    in MNIST's format. The names are (count,). Every kind in ``KINDS`` is drawn equally
    often, and the result is ordered by kind. Half of the drawings made from digits are
    redrawn with simulated felt pens.
    """
    non_digits, names = [], []
    ends = count * np.arange(len(KINDS) + 1) // len(KINDS)
    for number, (name, kind) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, number])
        kind_count = ends[number + 1] - ends[number]
        drawings = kind(images, labels, kind_count, rng)
        if kind in FROM_DIGITS:
            half = kind_count // 2
            drawings[:half] = redraw_with_pen(drawings[:half], rng)
        non_digits.append(batch_to_mnist_format(drawings))
        names += [name] * kind_count
    return np.concatenate(non_digits), np.array(names)
