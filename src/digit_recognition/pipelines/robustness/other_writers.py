"""Measure the accuracy on digits of writers who are not in MNIST."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.evaluation import LogProbabilities, verify_record
from digit_recognition.imaging.mnist_format import to_mnist_format
from digit_recognition.models.cnn import Classifier

MAX_VALUE = 16
"""The highest pixel value of scikit-learn's digits."""


def measure_other_writers(model: Classifier, training: dict[str, Any]) -> pd.DataFrame:
    """Return the accuracy for each digit, on images written by 13 people in Turkey.

    The images are never used for training or for choosing models or settings. The table
    has a row for each digit. Columns:

    - ``digit``: the digit, 0..9.
    - ``images``: the number of images of the digit.
    - ``accuracy``: the accuracy on these images, 0..1.
    - ``misread_as``: the most frequent wrong prediction as text. The text is empty if
      all predictions are right.

    Raises ProjectError if ``training`` is the record of another model.
    """
    verify_record(model, training)
    images, labels = load_other_writers()
    predicted = LogProbabilities(model)(images).argmax(axis=1)
    rows = []
    for digit in range(NUM_CLASSES):
        answers = predicted[labels == digit]
        wrong = answers[answers != digit]
        rows.append(
            {
                "digit": digit,
                "images": len(answers),
                "accuracy": float((answers == digit).mean()),
                "misread_as": str(np.bincount(wrong).argmax()) if len(wrong) else "",
            }
        )
    return pd.DataFrame(rows)


@cache
def load_other_writers() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits, enlarged to MNIST's format, and their labels.

    The images are float32 (1797, 28, 28, 1) in 0..1; the labels are int (1797,) in
    0..9. The original images have 8x8 pixels. Source: the test part of Alpaydin and
    Kaynak 1998, "Optical recognition of handwritten digits".
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    fields = []
    for image in (data.images / MAX_VALUE).astype(np.float32):
        rows, columns = np.nonzero(image)
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        fields.append(to_mnist_format(image[box]))
    return np.stack(fields)[..., None], data.target
