"""Nodes that judge a model on the test images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from digit_recognition.datasets.mnist_dataset import CONTESTED_TEST_INDICES, MNIST
from digit_recognition.digests import array_digest, combined_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.networks import CLASSES, Classifier, without_softmax
from digit_recognition.parameters import Parameters

PROBABILITIES = [f"p{digit}" for digit in range(CLASSES)]


class EvaluateParameters(Parameters):
    """``allow_other_data``: whether test arrays of another dataset may be judged."""

    allow_other_data: bool


def verify_test_arrays(
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    training: dict[str, Any],
    parameters: EvaluateParameters,
) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """The test arrays, known to be those that the model was trained beside.

    The third result names their dataset and its digest. Raises ProjectError for arrays
    of another digest, unless ``allow_other_data``: among them may be images that the
    model was trained on.
    """
    arrays = {"x_test": x_test, "y_test": y_test}
    digests = {name: array_digest(array) for name, array in arrays.items()}
    if len(x_test) != len(y_test):
        raise ProjectError(
            f"expected as many labels as images, received {len(x_test)} images in "
            f"x_test and {len(y_test)} labels in y_test; run "
            "`kedro run --pipeline prepare` again"
        )
    for known in (training, dataset_info):
        if digests.items() <= known["digests"].items():
            found = {key: known[key] for key in ("dataset", "dataset_digest")}
            break
    else:
        found = {"dataset": "custom", "dataset_digest": combined_digest(arrays)}
    beside = {name: training["digests"][name] for name in digests}
    if digests != beside and not parameters.allow_other_data:
        raise ProjectError(
            f"expected the test arrays that the model was trained beside "
            f"({training['dataset']}, x_test {beside['x_test'][:12]}…), received "
            f"others ({found['dataset']}, x_test {digests['x_test'][:12]}…), which may "
            "hold images that it was trained on; name the right versions with "
            "--load-versions, train anew with `kedro run`, or allow it with "
            "--params evaluate.allow_other_data=true"
        )
    return x_test, y_test, found


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
    from scipy.special import log_softmax

    model_digest = weights_digest(model.get_weights())
    if model_digest != training["model_digest"]:
        raise ProjectError(
            f"expected the record of the model {model_digest[:12]}…, received that of "
            f"{training['model_digest'][:12]}…; name model and training of one version "
            "with --load-versions, or neither"
        )
    logits = without_softmax(model).predict(x_test, batch_size=1000, verbose=0)
    log_probabilities = log_softmax(logits, axis=1)
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
        "test_loss": float(-(y_test * log_probabilities).sum(axis=1).mean()),
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
