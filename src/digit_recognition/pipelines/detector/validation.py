"""Compute the outputs of the model and the detector for validation digits.

The validation digits are put on synthetic pages and read from them. The model is the
classifier of digits. The detector tells digits from non-digits.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets.chunks import AnyArray, read_rows
from digit_recognition.handwriting.pages import COMMON, read_back
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.recognition.views import average_views

MAX_IMAGES = 10_000
"""Maximum number of validation images that are used. By default, 6,000 images of MNIST
are kept for validation."""

MIN_DIGITS, MAX_DIGITS = 2, 8
"""Minimum and maximum length of a multi-digit number, in digits."""


def read_validation(
    model: Classifier,
    detector: Classifier,
    x_train: AnyArray,
    y_train: np.ndarray,
    validation: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """Return the logits of model and detector for validation digits read from pages.

    The rule for accepting digits is computed from these logits. Logits for MNIST's own
    images would be misleading, because digits on real pages are harder to read.

    ``x_train`` is float32 (n, 28, 28, 1) in 0..1; ``y_train`` is one-hot (n, 10).
    ``validation`` has the indices of the validation images in ``x_train``. If there are
    more than 10,000, a random 10,000 are used.

    The images are put on synthetic pages in random order, each image once. Digits that
    are not found on their page are left out. The others are grouped into numbers of 2
    to 8 digits. The last number may be shorter.

    The table has a row for each digit that is found. Columns:

    - ``index``: the index of the digit's image in ``x_train``.
    - ``number``: says which multi-digit number the digit belongs to. Digits of the same
      number have the same value.
    - ``label``: the label in 0..9.
    - ``digit_logit``: the logit of the detector.
    - ``logit0`` to ``logit9``: the logits of the model.

    Each logit is the mean over the image and its copies shifted by one pixel (see
    ``average_views``).
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(validation)[:MAX_IMAGES]
    rows = np.sort(order)
    images = read_rows(x_train, rows)[np.searchsorted(rows, order), ..., 0]
    fields, rows = read_back(images, rng, COMMON)
    index = order[rows]
    classifier = without_softmax(model)

    def predict(images: np.ndarray) -> list[np.ndarray]:
        return [
            network.predict(images, batch_size=1000, verbose=0)
            for network in (classifier, detector)
        ]

    logits, digit_logits = average_views(predict, fields[..., None])
    lengths = rng.integers(MIN_DIGITS, MAX_DIGITS + 1, len(index))
    numbers = np.repeat(np.arange(len(index)), lengths)[: len(index)]
    return pd.DataFrame(
        {
            "index": index,
            "number": numbers,
            "label": y_train[index].argmax(axis=1),
            "digit_logit": digit_logits[:, 0],
            **{f"logit{digit}": logits[:, digit] for digit in range(NUM_CLASSES)},
        }
    )
