"""Nodes that judge a model on the test images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from digit_recognition.datasets.mnist_dataset import CONTESTED_TEST_INDICES, MNIST
from digit_recognition.judging import LogProbabilities, check_record, mean_loss
from digit_recognition.networks import CLASSES, Classifier

PROBABILITIES = [f"p{digit}" for digit in range(CLASSES)]


def predict_digits(
    model: Classifier,
    training: dict[str, Any],
    x_test: np.ndarray,
    y_test: np.ndarray,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A row for each test image, and the model's loss and digest.

    Columns: index, label, predicted, confidence (the highest probability) and the
    probabilities p0..p9. The loss, the mean cross-entropy in nats, is taken from the
    logits, as Keras does: probabilities near 0 have lost some of it to rounding.
    Raises ProjectError where ``training`` is the record of another model.
    """
    model_digest = check_record(model, training)
    log_probabilities = LogProbabilities(model)(x_test)
    probabilities = np.exp(log_probabilities)
    predictions = pd.DataFrame(
        {
            "index": np.arange(len(x_test)),
            "label": y_test.argmax(axis=1),
            "predicted": probabilities.argmax(axis=1),
            "confidence": probabilities.max(axis=1),
        }
    )
    predictions[PROBABILITIES] = probabilities
    return predictions, {
        "test_loss": mean_loss(log_probabilities, y_test),
        "model_digest": model_digest,
    }


def score_predictions(
    predictions: pd.DataFrame,
    test_data: dict[str, str],
    training: dict[str, Any],
    model_scores: dict[str, Any],
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """The metrics of a model on the test images, and where all of it came from.

    ``accuracy_low`` and ``accuracy_high`` are the 95 % interval of Wilson (1927),
    "Probable inference, the law of succession, and statistical inference". On MNIST,
    ``test_accuracy_uncontested`` leaves out the 15 images whose labels are disputed.
    Prints the loss and the accuracy.
    """
    from scipy.stats import binomtest

    images = len(predictions)
    correct = predictions["predicted"] == predictions["label"]
    errors = int((~correct).sum())
    interval = binomtest(images - errors, images).proportion_ci(method="wilson")
    metrics = {
        "test_loss": model_scores["test_loss"],
        "test_accuracy": 1 - errors / images,
        "test_errors": errors,
        "test_images": images,
        "accuracy_low": float(interval.low),
        "accuracy_high": float(interval.high),
        **_uncontested(predictions["index"], correct, test_data["dataset"]),
        **test_data,
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
        "deterministic": training.get("deterministic", False),  # as before it was said
        "model_version": lineage["versions"]["model"],
        "data_version": lineage["versions"]["x_test"],
        "model_digest": model_scores["model_digest"],
        **{key: value for key, value in lineage.items() if key != "versions"},
    }
    print(f"Test Loss: {metrics['test_loss']:.4f}", flush=True)
    print(f"Test Accuracy: {metrics['test_accuracy']:.4f}", flush=True)
    return metrics


def _uncontested(
    index: pd.Series, correct: pd.Series, dataset: str
) -> dict[str, float]:
    if dataset != MNIST:
        return {}
    accuracy = correct[~index.isin(CONTESTED_TEST_INDICES)].mean()
    return {"test_accuracy_uncontested": float(accuracy)}
