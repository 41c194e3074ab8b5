"""Checks and scores shared by the pipelines that evaluate a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from digit_recognition.digests import array_digest, combined_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.parameters import Parameters

RANDOM_CHANGES = (
    *("rotation", "shift", "zoom", "shear"),
    *("lines", "holes", "blurred", "sharpened", "inverted"),
    *("contrast", "slope", "bars", "noisy"),
    *("copied", "allographs"),
)
"""The random changes of training images, as named in a recipe.

The last two are fields of ``handwriting``, the others are fields of ``augmentation`` or
of its ``paper``.
"""

AMOUNTS = {
    "blurred": ("blur",),
    "sharpened": ("blur", "sharpening"),
    "noisy": ("noise",),
}
"""Other parameters that limit the strength of a change."""

NEUTRAL_VALUES = {"contrast": 1.0, "blur": 0.2}
"""Parameter values at which a change alters no pixel by a whole grey level.

All other parameters have the neutral value 0. The blur is a standard deviation: a
Gaussian of 0.2 pixels gives each neighbour less than 1e-5 of a pixel's value.
"""


class EvaluateParameters(Parameters):
    """If ``allow_other_data`` is true, test arrays of other datasets are accepted."""

    allow_other_data: bool


def verify_test_arrays(
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    training: dict[str, Any],
    parameters: EvaluateParameters,
) -> dict[str, str]:
    """Check that the test arrays were prepared together with the training arrays.

    ``dataset_info`` is the record of the test arrays, ``training`` is the record of the
    model's training. Returns a dictionary that describes the dataset of the test
    arrays: ``dataset`` is its name, ``dataset_digest`` its digest. The name is
    ``custom`` if neither record lists the digests of these arrays.

    Raises ProjectError if the numbers of images and labels differ. Also raises it if
    the digest of an array differs from the digest in ``training``, unless
    ``allow_other_data`` is true: other arrays may contain training images of the model.
    """
    arrays = {"x_test": x_test, "y_test": y_test}
    digests = {name: array_digest(array) for name, array in arrays.items()}
    if len(x_test) != len(y_test):
        raise ProjectError(
            f"expected as many labels as images, received {len(x_test)} images in "
            f"x_test and {len(y_test)} labels in y_test; run "
            "`kedro run --pipelines prepare` again"
        )
    for record in (training, dataset_info):
        if digests.items() <= record["digests"].items():
            test_data = {key: record[key] for key in ("dataset", "dataset_digest")}
            break
    else:
        test_data = {"dataset": "custom", "dataset_digest": combined_digest(arrays)}
    expected = {name: training["digests"][name] for name in digests}
    if digests != expected and not parameters.allow_other_data:
        raise ProjectError(
            "expected the test arrays that were prepared with the training arrays "
            f"({training['dataset']}, x_test {expected['x_test'][:12]}…), received "
            f"other arrays ({test_data['dataset']}, x_test {digests['x_test'][:12]}…), "
            "which may contain images that the model was trained on; select matching "
            "versions with --load-versions, train again with `kedro run`, or allow "
            "these arrays with --params evaluate.allow_other_data=true"
        )
    return test_data


def verify_record(model: Classifier, training: dict[str, Any]) -> str:
    """Check that ``training`` is the record of this model; return the model's digest.

    Raises ProjectError if ``training`` is the record of another model.
    """
    model_digest = weights_digest(model.get_weights())
    if model_digest != training["model_digest"]:
        raise ProjectError(
            f"expected the record of the model {model_digest[:12]}…, received that of "
            f"{training['model_digest'][:12]}…; select the same version of model and "
            "training with --load-versions, or select none"
        )
    return model_digest


def random_changes(training: dict[str, Any]) -> set[str]:
    """Return the names of the random changes applied to the training images.

    ``training`` is the record of a training. Older records lack ``augmentation``, so
    their result is empty. A change is left out if its parameters leave all images
    unchanged: a fraction or limit of 0, a contrast of 1, or a blur of 0.2 pixels.

    >>> augmentation = {"rotation": 5.0, "shift": 0.0, "paper": None}
    >>> random_changes({"augmentation": augmentation})
    {'rotation'}
    """
    values = training.get("augmentation") or {}
    paper = values.get("paper") or {}
    if paper.get("share"):
        values = values | paper
    values = values | (training.get("handwriting") or {})
    return {
        change
        for change in RANDOM_CHANGES
        if values.get(change) is not None
        and all(
            values.get(name) != NEUTRAL_VALUES.get(name, 0)
            for name in (change, *AMOUNTS.get(change, ()))
        )
    }


class LogProbabilities:
    """Computes a model's log probabilities, in nats, from its logits.

    They are not computed from the model's probabilities, because rounding makes
    probabilities near 0 and 1 too inaccurate.
    """

    def __init__(self, model: Classifier):
        self._network = without_softmax(model)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return log probabilities of shape (n, 10).

        ``images`` is float32 (n, 28, 28, 1) in 0..1.
        """
        from scipy.special import log_softmax

        logits = self._network.predict(images, batch_size=1000, verbose=0)
        return log_softmax(logits, axis=1)


def mean_loss(log_probabilities: np.ndarray, one_hot: np.ndarray) -> float:
    """Return the mean cross-entropy between predictions and labels, in nats.

    ``log_probabilities`` and ``one_hot`` have the shape (n, 10).
    """
    return float(-(one_hot * log_probabilities).sum(axis=1).mean())
