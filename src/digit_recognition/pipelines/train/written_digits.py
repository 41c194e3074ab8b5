"""Add synthetic handwriting to the training images."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from digit_recognition import NUM_CLASSES
from digit_recognition.handwriting import write_digits
from digit_recognition.parameters import Parameters

Share = Annotated[float, Field(ge=0, le=2)]


class Handwriting(Parameters):
    """How many written digits are made, as fractions of the number of training images.

    Written digits are synthetic. They are drawn on synthetic pages, then found and cut
    out in the same way as digits on real pages. About 6 % are lost because they are not
    found on their page. There are three kinds of written digits:

    - ``copied``: copies of training images. About a quarter of the copies are redrawn
      with a felt pen.
    - ``strokes``: 1s, 7s and 9s with an added upstroke, crossbar or tail.
    - ``allographs``: drawings of digits in forms that are rare in MNIST.
    """

    copied: Share
    strokes: Share
    allographs: Share


class JoinedArrays:
    """Two arrays that can be indexed like one array, without copying them into one.

    ``first`` and ``second`` have the same dtype, and the same shape after the first
    axis.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray):
        self._first, self._second = first, second
        self.shape = (len(first) + len(second), *first.shape[1:])
        self.dtype = first.dtype

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return the entries at ``rows`` (k,)."""
        is_second = rows >= len(self._first)
        taken = self._first[np.where(is_second, 0, rows)]
        taken[is_second] = self._second[rows[is_second] - len(self._first)]
        return taken


Images = np.ndarray | JoinedArrays


def add_handwriting(
    x_train: np.ndarray,
    y_train: np.ndarray,
    train: np.ndarray,
    handwriting: Handwriting,
    seed: int,
) -> tuple[JoinedArrays, JoinedArrays, np.ndarray]:
    """Add written digits; return all images, all labels, and the indices to train on.

    Written digits are synthetic: drawings and training images are put on synthetic
    pages, and cut out again. Validation images are never used. ``x_train`` is
    float32 (n, 28, 28, 1) in 0..1; ``y_train`` is one-hot (n, 10). ``train`` (k,) holds
    the indices of the training images.

    The written digits are added after the n images. The indices to train on are those
    in ``train`` and those of the written digits.
    """
    fields, digits = write_digits(
        x_train[train, ..., 0],
        y_train[train].argmax(axis=1),
        copied=round(handwriting.copied * len(train)),
        strokes=round(handwriting.strokes * len(train)),
        allographs=round(handwriting.allographs * len(train)),
        seed=seed,
    )
    one_hot = np.eye(NUM_CLASSES, dtype=y_train.dtype)[digits]
    rows = np.append(train, len(x_train) + np.arange(len(digits)))
    return (
        JoinedArrays(x_train, fields[..., None]),
        JoinedArrays(y_train, one_hot),
        rows,
    )
