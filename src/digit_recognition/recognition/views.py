"""Average a network's outputs for an image and its copies shifted by one pixel.

The average depends less on the exact position of a digit in the image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Each view of an image is a copy shifted by one of these pairs (down, right), in
pixels. The first view is the image itself."""

Outputs = list[np.ndarray]


def average_views(
    predict: Callable[[np.ndarray], Outputs], images: np.ndarray
) -> Outputs:
    """Return the mean of each output over an image and its shifted copies.

    SHIFTS lists the shifts. ``images`` is float32 (n, 28, 28, 1) in 0..1, with 0 as the
    background. ``predict`` maps images to the network's outputs, a list of arrays
    (n, ...). The result is a list of arrays with the same shapes.
    """
    views = [predict(shift(images, down, right)) for down, right in SHIFTS]
    return [np.mean(outputs, axis=0) for outputs in zip(*views, strict=True)]


def shift(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Shift images (n, height, width, 1) by whole pixels and fill the gaps with 0.

    Negative numbers shift up or to the left.
    """
    height, width = images.shape[1:3]
    shifted = np.zeros_like(images)
    to, source = (
        np.s_[
            :,
            max(0, sign * down) : height + min(0, sign * down),
            max(0, sign * right) : width + min(0, sign * right),
        ]
        for sign in (1, -1)
    )
    shifted[to] = images[source]
    return shifted
