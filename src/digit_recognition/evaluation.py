"""What it takes to judge a model fairly, whatever it is judged on."""

from __future__ import annotations

from typing import Any

import numpy as np

from digit_recognition.digests import array_digest, combined_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.parameters import Parameters


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


def verify_record(model: Classifier, training: dict[str, Any]) -> str:
    """The model's digest; ProjectError where ``training`` is another model's record."""
    model_digest = weights_digest(model.get_weights())
    if model_digest != training["model_digest"]:
        raise ProjectError(
            f"expected the record of the model {model_digest[:12]}…, received that of "
            f"{training['model_digest'][:12]}…; name model and training of one version "
            "with --load-versions, or neither"
        )
    return model_digest


class LogProbabilities:
    """The logarithms of a model's probabilities, from its logits, in nats.

    Probabilities near 0 and 1 have lost to rounding what logits keep.
    """

    def __init__(self, model: Classifier):
        self._network = without_softmax(model)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Float32 (n, 10) for images float32 (n, 28, 28, 1) in 0..1."""
        from scipy.special import log_softmax

        logits = self._network.predict(images, batch_size=1000, verbose=0)
        return log_softmax(logits, axis=1)


def mean_loss(log_probabilities: np.ndarray, one_hot: np.ndarray) -> float:
    """The mean cross-entropy, in nats; both arrays are (n, 10)."""
    return float(-(one_hot * log_probabilities).sum(axis=1).mean())
