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
"""The names of the random changes of training images.

These are the names of fields in a recipe (the parameters of a training). The last two
are fields of ``handwriting``. The others are fields of ``augmentation`` or of
``augmentation.paper``.
"""

AMOUNTS = {
    "blurred": ("blur",),
    "sharpened": ("blur", "sharpening"),
    "noisy": ("noise",),
}
"""Maps some random changes to the parameters that set their maximum strength."""

NEUTRAL_VALUES = {"contrast": 1.0, "blur": 0.2}
"""Maps some parameters of random changes to their neutral values.

With its neutral value, a parameter changes each pixel by less than one grey level
(1/255). The neutral value of all other parameters is 0. ``blur`` is the standard
deviation of a Gaussian filter, in pixels. A filter with 0.2 spreads less than 1e-5 of a
pixel's value to each of its neighbours.
"""


class EvaluateParameters(Parameters):
    """The parameters of the evaluation.

    If ``allow_other_data`` is true, any test arrays are accepted. Otherwise, they must
    have been prepared together with the training arrays of the model.
    """

    allow_other_data: bool


def verify_test_arrays(
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    training: dict[str, Any],
    parameters: EvaluateParameters,
) -> dict[str, str]:
    """Check that the test arrays were prepared together with the training arrays.

    ``dataset_info`` is the record that was saved with the test arrays. ``training`` is
    the record of the model's training. Returns a dictionary that describes the dataset
    of the test arrays: ``dataset`` is its name, and ``dataset_digest`` is its digest.
    Both are copied from ``training`` if it lists the digests of these test arrays, or
    else from ``dataset_info`` if that lists them. If neither record lists them, the
    name is ``custom``, and the digest is computed from the test arrays.

    Raises ProjectError in these cases:

    - The number of images and the number of labels differ.
    - The digest of an array differs from its digest in ``training``, and
      ``allow_other_data`` is false. The reason for this check is that other test
      arrays may contain images that the model was trained on.
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
    """Check that a record describes the training of this model.

    ``training`` is the record. Returns the digest of the model's weights. Raises
    ProjectError if the record contains another digest.
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

    ``training`` is the record of a training. The result is empty for older records,
    which lack ``augmentation``. Changes without effect are left out. A change has no
    effect in these cases:

    - It is applied to no images.
    - Its maximum strength is 0.
    - It is ``contrast``, and the lowest contrast is 1.
    - It is ``blurred`` or ``sharpened``, and the maximum standard deviation of the blur
      is 0.2 pixels. This is the lowest value that a recipe allows. It changes pixels by
      less than one grey level.

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
    """Computes a model's log probabilities (natural logarithms) from its logits.

    They are not computed from the model's probabilities, because rounding makes
    probabilities near 0 and 1 too inaccurate.
    """

    def __init__(self, model: Classifier):
        self._network = without_softmax(model)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the log probabilities of the ten digits, in the shape (n, 10).

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
