"""How far a model's confidence can be relied on, measured on images with labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import log_softmax, softmax

TEMPERATURES = (0.1, 10.0)

BINS = 15
"""Equal bins of confidence, as Guo, Pleiss, Sun and Weinberger 2017 take."""


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature, 0.1..10, by which logits are divided for the least loss.

    ``logits`` is (n, 10), ``labels`` the digits (n,); the loss is the mean
    cross-entropy. Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern
    neural networks". Where the loss would fall further beyond a bound, as it does
    without a single error, it is that bound.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        logs = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -logs[rows, labels].mean()

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


def calibrated_confidence(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The highest probability of each image, float64 (n,), at that temperature."""
    return softmax(np.asarray(logits, np.float64) / temperature, axis=1).max(axis=1)


def bin_index(confidence: np.ndarray) -> np.ndarray:
    """The bin of each confidence (n,), 0 to 14; a bin's upper border belongs to it."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """How far confidence is from accuracy on the average, 0..1.

    ``confidence`` is the highest probability of each image (n,), ``correct`` whether
    it was right (n,). In each bin of confidence, the difference of mean confidence and
    accuracy, weighted by the images in it: Guo, Pleiss, Sun and Weinberger 2017, "On
    calibration of modern neural networks".
    """
    weights = confidence - correct
    gaps = np.bincount(bin_index(confidence), weights=weights, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def reliability(confidence: np.ndarray, correct: np.ndarray) -> pd.DataFrame:
    """A row for each bin of confidence that has images.

    Columns: confidence and accuracy, the means (0..1), accuracy_low and accuracy_high,
    the borders of the 95 % interval of Wilson (1927), and images, how many.
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
    """How many images are accepted, how many of them are wrong, and from where on.

    For each confidence (n,) that occurs, from the highest to the lowest, all images as
    confident or more are accepted; three arrays (k,), k <= n.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    accepted = np.append(np.flatnonzero(np.diff(ranked)) + 1, len(ranked))
    errors = np.cumsum(wrong[order])[accepted - 1]
    return accepted, errors, ranked[accepted - 1]


def risk_coverage(
    confidence: np.ndarray, correct: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The share of images accepted, the error among them, and from which confidence on.

    As ``rank_by_confidence`` has it; three float64 arrays (k,). El-Yaniv and Wiener
    2010, "On the foundations of noise-free selective classification".
    """
    accepted, errors, least = rank_by_confidence(confidence, ~correct)
    return accepted / len(confidence), errors / accepted, least


def coverage_at(coverage: np.ndarray, risk: np.ndarray, max_error: float) -> float:
    """The largest share of images, 0..1, with an error of at most ``max_error``.

    On these images, that is: nothing is certain of others.
    """
    return float(coverage[risk <= max_error].max(initial=0.0))
