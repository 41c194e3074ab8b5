"""Synthetic handwritten digits in other styles than MNIST's.

The images look like digits that were cut out of a photograph of a page.
"""

from __future__ import annotations

import numpy as np

from digit_recognition.nondigits.variations import redraw_with_pen

from .added_strokes import ADDED, add_strokes
from .allographs import draw_allographs
from .pages import read_back

REDRAWN = 0.25
"""Probability that a copy of an image is redrawn with a felt pen (see ``copied`` in
``write_digits``)."""


def write_digits(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    copied: int,
    strokes: int,
    allographs: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Write digits on synthetic pages, and read them as if from photographs.

    ``images`` are MNIST's images, float32 (n, 28, 28) in 0..1, and ``labels`` (n,) are
    their labels. Three parameters set how many digits of each kind are written:

    - ``copied``: copies of random images. About a quarter of them are redrawn with a
      felt pen.
    - ``strokes``: random images of a 1, 7 or 9, to which a stroke is added, such as the
      crossbar of a 7.
    - ``allographs``: drawings of allographs, which are ways to write a digit that are
      rare in MNIST.

    Returns the images and the labels of the digits that were found on the pages. The
    images are in MNIST's format, float32 (k, 28, 28) in 0..1, and the labels are (k,).
    About 6 % of the digits are not found, so k is less than the sum of the three
    numbers.
    """
    rng = np.random.default_rng(seed)
    rows = _choose(np.arange(len(images)), copied, rng)
    copies, copy_labels = images[rows], labels[rows]
    pen = rng.random(len(rows)) < REDRAWN
    if pen.any():
        copies[pen] = redraw_with_pen(copies[pen], rng)
    changeable = np.flatnonzero(np.isin(labels, [digit for digit, *_ in ADDED]))
    rows = _choose(changeable, strokes, rng)
    changed = add_strokes(images[rows], labels[rows], rng)
    drawn, drawn_labels = draw_allographs(allographs, rng)
    fields, digits = [], []
    for written, written_labels in (
        (copies, copy_labels),
        (changed, labels[rows]),
        (drawn, drawn_labels),
    ):
        found, places = read_back(written, rng)
        fields.append(found)
        digits.append(written_labels[places])
    return np.concatenate(fields), np.concatenate(digits)


def _choose(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` random elements of ``rows``.

    If ``rows`` has at least ``count`` elements, none is repeated. If it is empty, the
    result is empty.
    """
    return rng.choice(rows, count if len(rows) else 0, replace=count > len(rows))
