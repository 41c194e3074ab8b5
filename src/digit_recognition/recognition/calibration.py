"""Calibrate a model's confidence, and measure how well it agrees with the accuracy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import log_softmax, softmax

TEMPERATURES = (0.1, 10.0)
"""The minimum and the maximum temperature that ``fit_temperature`` can return."""

BINS = 15
"""Number of bins of equal width into which the confidences (0..1) are sorted, as in
Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks"."""


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature, 0.1..10, that minimizes the mean cross-entropy.

    The ``logits`` (n, 10) are divided by the temperature. ``labels`` (n,) are the true
    digits. If all predictions are right, a lower temperature always gives a lower
    cross-entropy. The result is then close to 0.1. See Guo, Pleiss, Sun and Weinberger
    2017, "On calibration of modern neural networks".
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        log_probabilities = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -log_probabilities[rows, labels].mean()

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


def calibrated_confidence(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return each image's highest digit probability after temperature scaling.

    ``logits`` is (n, 10); the result is float64 (n,).
    """
    return softmax(np.asarray(logits, np.float64) / temperature, axis=1).max(axis=1)


def bin_index(confidence: np.ndarray) -> np.ndarray:
    """Return the index of the bin, 0..14, for each confidence (n,) in 0..1.

    The bins have equal widths. Each bin includes its upper bound.
    """
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """Return the expected calibration error, 0..1.

    The images are sorted into bins by their confidence. For each bin, the absolute
    difference between the mean confidence and the accuracy is computed. The result is
    the mean of these differences, weighted by the number of images in each bin.

    ``confidence`` (n,) is the probability of the predicted digit for each image.
    ``correct``, bool (n,), is True where the prediction is right. See Guo, Pleiss, Sun
    and Weinberger 2017, "On calibration of modern neural networks".
    """
    weights = confidence - correct
    gaps = np.bincount(bin_index(confidence), weights=weights, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def reliability(confidence: np.ndarray, correct: np.ndarray) -> pd.DataFrame:
    """Return a table with one row for each confidence bin that contains images.

    The table has these columns:

    - confidence: the mean confidence, 0..1;
    - accuracy: the fraction of right predictions, 0..1;
    - accuracy_low, accuracy_high: the bounds of the accuracy's 95 % interval (Wilson
      1927);
    - images: the number of images.

    ``expected_calibration_error`` describes the arguments.
    """
    from scipy.stats import binomtest
    from sklearn.calibration import calibration_curve

    accuracy, mean = calibration_curve(correct, confidence, n_bins=BINS)
    images = np.bincount(bin_index(confidence), minlength=BINS)
    images = images[images > 0]
    intervals = [
        binomtest(int(right), int(count)).proportion_ci(method="wilson")
        for right, count in zip(np.rint(accuracy * images), images, strict=True)
    ]
    return pd.DataFrame(
        {
            "confidence": mean,
            "accuracy": accuracy,
            "accuracy_low": [interval.low for interval in intervals],
            "accuracy_high": [interval.high for interval in intervals],
            "images": images,
        }
    )


def rank_by_confidence(
    confidence: np.ndarray, wrong: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count accepted images and errors for each threshold, from strict to loose.

    Each distinct value in ``confidence`` (n,) is a threshold. It accepts all images
    with at least this confidence. ``wrong``, bool (n,), is True where the prediction is
    wrong.

    The results are three arrays (k,), with one element for each of the k thresholds:
    the number of accepted images, the number of errors among them, and the threshold.

    >>> rank_by_confidence(np.array([0.9, 0.8, 0.9]), np.array([False, True, False]))
    (array([2, 3]), array([0, 1]), array([0.9, 0.8]))
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    accepted = np.append(np.flatnonzero(np.diff(ranked)) + 1, len(ranked))
    errors = np.cumsum(wrong[order])[accepted - 1]
    return accepted, errors, ranked[accepted - 1]


def risk_coverage(
    confidence: np.ndarray, correct: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coverage and the risk of each threshold, and the thresholds.

    Each distinct value in ``confidence`` (n,) is a threshold (see
    ``rank_by_confidence``). The results are three arrays (k,), with one element for
    each of the k thresholds. The strictest threshold comes first. ``correct``, bool
    (n,), is True where the prediction is right. Coverage is the fraction of images that
    a threshold accepts. Risk is the fraction of errors among the accepted images. See
    El-Yaniv and Wiener 2010, "On the foundations of noise-free selective
    classification".
    """
    accepted, errors, thresholds = rank_by_confidence(confidence, ~correct)
    return accepted / len(confidence), errors / accepted, thresholds


def coverage_at(coverage: np.ndarray, risk: np.ndarray, max_error: float) -> float:
    """Return the largest coverage, 0..1, at which the risk is at most ``max_error``.

    Coverage is the fraction of accepted images. Risk is the fraction of errors among
    them. ``coverage`` and ``risk`` (k,) are results of ``risk_coverage``. If the risk
    is always above ``max_error``, 0 is returned. The result describes only these images
    and is no guarantee for other images.
    """
    return float(coverage[risk <= max_error].max(initial=0.0))
