"""How far a model's confidence can be relied on, measured on images with labels."""

from __future__ import annotations

import numpy as np

BINS = 15
"""Equal bins of confidence, as Guo, Pleiss, Sun and Weinberger 2017 take."""


def bin_of(confidence: np.ndarray) -> np.ndarray:
    """The bin of each confidence (n,), 0 to 14; a bin's upper border belongs to it."""
    return np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """How far confidence is from accuracy on the average, 0..1.

    ``confidence`` is the highest probability of each image (n,), ``correct`` whether
    it was right (n,). In each bin of confidence, the difference of mean confidence and
    accuracy, weighted by the images in it: Guo, Pleiss, Sun and Weinberger 2017, "On
    calibration of modern neural networks".
    """
    weights = confidence - correct
    gaps = np.bincount(bin_of(confidence), weights=weights, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def risk_coverage(
    confidence: np.ndarray, correct: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The share of images accepted, the error among them, and from which confidence on.

    For each confidence (n,) that occurs, from the highest to the lowest, all images as
    confident or more are accepted; three float64 arrays (k,), k <= n. El-Yaniv and
    Wiener 2010, "On the foundations of noise-free selective classification".
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    accepted = np.append(np.flatnonzero(np.diff(ranked)) + 1, len(ranked))
    errors = np.cumsum(~correct[order])[accepted - 1]
    return accepted / len(ranked), errors / accepted, ranked[accepted - 1]


def coverage_at(coverage: np.ndarray, risk: np.ndarray, max_error: float) -> float:
    """The largest share of images, 0..1, with an error of at most ``max_error``.

    On these images, that is: nothing is certain of others.
    """
    return float(coverage[risk <= max_error].max(initial=0.0))
