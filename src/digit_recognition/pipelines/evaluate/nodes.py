"""Nodes that evaluate a model on the test images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets.mnist_dataset import CONTESTED_TEST_INDICES, MNIST
from digit_recognition.evaluation import (
    EvaluateParameters,
    LogProbabilities,
    mean_loss,
    verify_record,
    verify_test_arrays,
)
from digit_recognition.models.cnn import Classifier
from digit_recognition.recognition.calibration import (
    coverage_at,
    expected_calibration_error,
    fit_temperature,
    risk_coverage,
)

PROBABILITIES = [f"p{digit}" for digit in range(NUM_CLASSES)]
ERROR_RATES = {"1e-3": 1e-3, "1e-4": 1e-4}
"""Limits on the error rate among the accepted images. For each limit, ``metrics`` has
the largest fraction of the images that can be accepted."""


def calibrate(validation_predictions: pd.DataFrame) -> float:
    """Return the temperature that calibrates the model on the validation images.

    Temperature scaling divides the logits by the temperature.
    ``validation_predictions`` has the columns label and logit0..logit9.
    """
    logits = validation_predictions[[f"logit{digit}" for digit in range(NUM_CLASSES)]]
    labels = validation_predictions["label"].to_numpy()
    return fit_temperature(logits.to_numpy(), labels)


def predict_digits(
    model: Classifier,
    training: dict[str, Any],
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    temperature: float,
    parameters: EvaluateParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predict the digit in each test image, and compute the model's losses.

    The first result is a table with a row for each image. Columns: index, label,
    predicted, confidence (the highest probability), calibrated (the confidence after
    temperature scaling) and p0..p9 (the probabilities without temperature scaling).

    The second result is a dict:

    - ``test_loss``: the mean cross-entropy in nats.
    - ``nll_calibrated``: the mean cross-entropy in nats after temperature scaling.
    - ``temperature``: the argument ``temperature``.
    - ``model_digest``: the digest of the model's weights.
    - ``dataset``, ``dataset_digest``: the name and digest of the test images' dataset.

    The losses are computed from the logits, as in Keras. Computed from the
    probabilities, they would be less accurate, because probabilities near 0 and 1 lose
    precision by rounding.

    Raises ProjectError if ``training`` is the record of another model. Also raises
    ProjectError if the test arrays and the training images belong to different
    datasets, unless ``allow_other_data`` is true.
    """
    test_data = verify_test_arrays(x_test, y_test, dataset_info, training, parameters)
    model_digest = verify_record(model, training)
    log_probabilities = LogProbabilities(model)(x_test)
    probabilities = np.exp(log_probabilities)
    scaled = log_softmax(np.float64(log_probabilities) / temperature, axis=1)
    predictions = pd.DataFrame(
        {
            "index": np.arange(len(x_test)),
            "label": y_test.argmax(axis=1),
            "predicted": probabilities.argmax(axis=1),
            "confidence": probabilities.max(axis=1),
            "calibrated": np.exp(scaled.max(axis=1)),
        }
    )
    predictions[PROBABILITIES] = probabilities
    return predictions, {
        "test_loss": mean_loss(log_probabilities, y_test),
        "nll_calibrated": mean_loss(scaled, y_test),
        "temperature": temperature,
        "model_digest": model_digest,
        **test_data,
    }


def score_predictions(
    predictions: pd.DataFrame,
    training: dict[str, Any],
    model_scores: dict[str, Any],
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """Return the metrics on the test images, with the origin of model and data.

    ``predictions`` and ``model_scores`` are the results of ``predict_digits``. Some
    keys of the returned dict are not obvious:

    - ``accuracy_low``, ``accuracy_high``: the bounds of the 95 % confidence interval of
      the accuracy (Wilson 1927, "Probable inference, the law of succession, and
      statistical inference").
    - ``test_accuracy_uncontested``: the accuracy without the 15 test images whose
      labels are disputed. It is present only if the dataset is MNIST.
    - ``nll``, ``nll_calibrated``: the negative log-likelihood in nats, without and with
      temperature scaling. ``nll`` equals ``test_loss``.
    - ``ece``, ``ece_calibrated``: the expected calibration error, without and with
      temperature scaling.
    - ``coverage_at_1e-3_error``: the largest share of the test images that can be
      accepted if at most 0.1 % of the accepted images may be misclassified. Images with
      the highest calibrated confidence are accepted first. The limit of 0.1 % is met on
      the test images, but is not guaranteed on other images. For these, the pipeline
      ``read`` computes thresholds that bound the error.
    - ``coverage_at_1e-4_error``: the same share for at most 0.01 % misclassified
      images.
    """
    from scipy.stats import binomtest

    images = len(predictions)
    correct = predictions["predicted"] == predictions["label"]
    errors = int((~correct).sum())
    interval = binomtest(images - errors, images).proportion_ci(method="wilson")
    return {
        "test_loss": model_scores["test_loss"],
        "test_accuracy": 1 - errors / images,
        "test_errors": errors,
        "test_images": images,
        "accuracy_low": float(interval.low),
        "accuracy_high": float(interval.high),
        **_uncontested(predictions["index"], correct, model_scores["dataset"]),
        **_calibration(predictions, correct.to_numpy(), model_scores),
        "dataset": model_scores["dataset"],
        "dataset_digest": model_scores["dataset_digest"],
        "trained_on": training["dataset"],
        **{
            key: training[key]
            for key in (
                "train_images",
                "validation_images",
                "recipe",
                "seed",
                "epochs",
                "fit_seconds",
                "precision",
            )
        },
        "deterministic": training.get("deterministic", False),  # older records lack it
        "model_version": lineage["versions"]["model"],
        "data_version": lineage["versions"]["x_test"],
        "model_digest": model_scores["model_digest"],
        **{key: value for key, value in lineage.items() if key != "versions"},
    }


def score_digits(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compute precision, recall and F1 score of each digit.

    Columns: digit, images, precision, recall, f1. Precision is the share of correct
    predictions among all predictions of the digit. Recall is the share of correct
    predictions among all images of the digit. F1 is the harmonic mean of precision and
    recall. A score is 0 if its denominator is 0.
    """
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, images = precision_recall_fscore_support(
        predictions["label"],
        predictions["predicted"],
        labels=range(NUM_CLASSES),
        zero_division=0.0,
    )
    return pd.DataFrame(
        {
            "digit": range(NUM_CLASSES),
            "images": images,
            "precision": precision,
            "recall": recall,
            "f1": f1,
        }
    )


def _calibration(
    predictions: pd.DataFrame, correct: np.ndarray, model_scores: dict[str, Any]
) -> dict[str, float]:
    confidence, calibrated = (
        predictions[column].to_numpy() for column in ("confidence", "calibrated")
    )
    coverage, risk, _ = risk_coverage(calibrated, correct)
    return {
        "nll": model_scores["test_loss"],
        "nll_calibrated": model_scores["nll_calibrated"],
        "temperature": model_scores["temperature"],
        "ece": expected_calibration_error(confidence, correct),
        "ece_calibrated": expected_calibration_error(calibrated, correct),
        **{
            f"coverage_at_{name}_error": coverage_at(coverage, risk, rate)
            for name, rate in ERROR_RATES.items()
        },
    }


def _uncontested(
    index: pd.Series, correct: pd.Series, dataset: str
) -> dict[str, float]:
    if dataset != MNIST:
        return {}
    accuracy = correct[~index.isin(CONTESTED_TEST_INDICES)].mean()
    return {"test_accuracy_uncontested": float(accuracy)}
