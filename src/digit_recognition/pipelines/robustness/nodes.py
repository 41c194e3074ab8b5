"""Nodes that evaluate a model on corrupted test images.

A family is a kind of corruption, such as ``fog``. Each family has the strengths 1 to 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import (
    RANDOM_CHANGES,
    EvaluateParameters,
    LogProbabilities,
    mean_loss,
    random_changes,
    verify_record,
    verify_test_arrays,
)
from digit_recognition.models.cnn import Classifier
from digit_recognition.parameters import Parameters, Seed
from digit_recognition.recognition.calibration import expected_calibration_error

Strength = Annotated[int, Field(ge=1, le=5)]
CLEAN = "clean"
PUBLISHED = "published"

Examples = dict[str, dict[str, np.ndarray]]
"""Example images of each family of corruptions, by the name of the family.

- ``images``: the corrupted images, float32 (k, 28, 28) in 0..1.
- ``predicted``: the predicted digits (k,).
- ``correct``: bool (k,), True where the predicted digit is right.
"""


class RobustnessParameters(Parameters):
    """The families of corruptions, their strengths, and the number of examples.

    A family is a kind of corruption, such as ``fog``.

    - ``families``: maps each family to its strength, 1..5. Families with null are left
      out.
    - ``strength``: one strength, 1..5, that replaces the strengths in ``families``.
      Families with null stay left out. If ``strength`` is null, the strengths in
      ``families`` are used.
    - ``mnist_c``: a folder with MNIST-C's published arrays, which are used instead of
      ``families``. With null, ``families`` is used.
    - ``examples``: the number of images of each family that ``draw_corruptions`` shows.
    - ``nearest``: maps each random change of the training images to the family that is
      most similar to it.
    """

    families: dict[str, Strength | None]
    strength: Strength | None
    mnist_c: str | None
    examples: Annotated[int, Field(ge=1, le=100)]
    nearest: dict[str, str]

    @field_validator("families")
    @classmethod
    def _check_families(cls, value: dict[str, int | None]) -> dict[str, int | None]:
        _check_names(value, FAMILIES, "families")
        if not any(value.values()):
            raise ValueError(
                "expected a strength for at least one family, received none"
            )
        return value

    @field_validator("nearest")
    @classmethod
    def _check_nearest(cls, value: dict[str, str]) -> dict[str, str]:
        _check_names(value, RANDOM_CHANGES, "random changes")
        _check_names(value.values(), FAMILIES, "families")
        return value


def _check_names(names: Iterable[str], known: Collection[str], kind: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(
                f"expected {kind} among {', '.join(known)}, received {name!r}"
            )


def measure_robustness(
    model: Classifier,
    training: dict[str, Any],
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    mnist_c: dict[str, dict[str, np.ndarray]],
    seed: Seed,
    parameters: RobustnessParameters,
    evaluate_parameters: EvaluateParameters,
) -> tuple[pd.DataFrame, Examples, dict[str, str]]:
    """Measure accuracy, loss and calibration error for each family of corruptions.

    A family is a kind of corruption, such as ``fog``. ``mnist_c`` holds the published
    images of MNIST-C. It maps each family to a dict with ``images``, uint8
    (n, 28, 28, 1), and optionally ``labels`` (n,). If ``mnist_c`` is empty, the test
    images are corrupted as ``parameters`` says, with random numbers from ``seed``.

    The first result is a table. It has a row for the clean images, then a row for each
    family. Columns:

    - ``family``: the name of the family, or ``clean``.
    - ``strength``: 0 for clean images, empty for published images.
    - ``near``: whether the training used a random change similar to the family.
    - ``images``: the number of images.
    - ``accuracy`` (0..1), ``loss`` (nats) and ``expected_calibration_error`` (0..1).

    The second result holds example images of each family with their predictions. The
    third result has the name and digest of the test images' dataset.

    Raises ProjectError in these cases:

    - ``training`` is the record of another model.
    - The number of images or the labels of a family in ``mnist_c`` differ from those of
      the test images.
    - The test arrays and the training images belong to different datasets, and
      ``evaluate_parameters.allow_other_data`` is false.
    """
    test_data = verify_test_arrays(
        x_test, y_test, dataset_info, training, evaluate_parameters
    )
    verify_record(model, training)
    log_probabilities = LogProbabilities(model)
    labels = y_test.argmax(axis=1)
    near = near_families(training, parameters.nearest)
    rows, examples = [], {}
    for family, strength, images in _corrupted(
        x_test, labels, mnist_c, seed.root, parameters
    ):
        log_p = log_probabilities(images)
        predicted = log_p.argmax(axis=1)
        correct = predicted == labels
        rows.append(
            {
                "family": family,
                "strength": strength,
                "near": family in near,
                "images": len(images),
                "accuracy": float(correct.mean()),
                "loss": mean_loss(log_p, y_test),
                "expected_calibration_error": expected_calibration_error(
                    np.exp(log_p.max(axis=1)), correct
                ),
            }
        )
        first = slice(parameters.examples)
        examples[family] = {
            "images": images[first, ..., 0].copy(),  # a view would keep all images
            "predicted": predicted[first],
            "correct": correct[first],
        }
    table = pd.DataFrame(rows)
    table["strength"] = table["strength"].astype("Int64")
    return table, examples, test_data


def near_families(training: dict[str, Any], nearest: dict[str, str]) -> set[str]:
    """Return the families most similar to the random changes used in training.

    A family is a kind of corruption, such as ``fog``. ``training`` is the record of the
    model's training. ``nearest`` maps the name of each random change to the most
    similar family.
    """
    changes = random_changes(training)
    return {family for change, family in nearest.items() if change in changes}


def _corrupted(
    x_test: np.ndarray,
    labels: np.ndarray,
    mnist_c: dict[str, dict[str, np.ndarray]],
    seed: int,
    parameters: RobustnessParameters,
) -> Iterator[tuple[str, int | None, np.ndarray]]:
    yield CLEAN, 0, x_test
    for family, arrays in mnist_c.items():
        images = arrays["images"]
        published = arrays.get("labels", labels)
        if len(images) != len(labels) or not np.array_equal(published, labels):
            other = " with other labels" if len(images) == len(labels) else ""
            raise ProjectError(
                f"expected corrupted versions of the {len(labels)} test images in "
                f"{family}, received {len(images)} images{other}; MNIST-C corrupts "
                "MNIST's test images, so use a model trained on the whole of MNIST, or "
                "leave out robustness.mnist_c"
            )
        yield family, None, np.asarray(images, np.float32) / 255
    if not mnist_c:
        for family, own in parameters.families.items():
            if own:
                strength = parameters.strength or own
                yield family, strength, corrupt(x_test, family, strength, seed)


def summarize_robustness(
    robustness: pd.DataFrame,
    other_writers: pd.DataFrame,
    training: dict[str, Any],
    test_data: dict[str, str],
    seed: Seed,
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """Return mean accuracies, the worst family, and the origin of model and data.

    ``robustness`` and ``test_data`` are results of ``measure_robustness``.
    ``other_writers`` is the result of ``measure_other_writers``. A family is a kind of
    corruption, such as ``fog``. A mean accuracy is None if there is no family to
    average over. Some keys of the returned dict are not obvious:

    - ``accuracy_mnist_c``: the mean over MNIST-C's fifteen families. It is None if one
      of these families is missing or has another strength than in MNIST-C.
    - ``accuracy_others``: the mean over the families that MNIST-C does not have.
    - ``accuracy_near``: the mean over the families for which the training used a
      similar random change of the images.
    - ``accuracy_far``: the mean over the families for which the training used no
      similar random change.
    - ``accuracy_other_writers``: the accuracy on uncorrupted digits of writers who are
      not in MNIST.
    - ``corruption_seed``: the seed of the corruptions.
    """
    clean = robustness[robustness["family"] == CLEAN]
    families = robustness[robustness["family"] != CLEAN]
    worst = families.loc[families["accuracy"].idxmin()]
    return {
        "accuracy_clean": _mean(clean),
        "accuracy_mnist_c": _mean(_mnist_c_families(families)),
        "accuracy_others": _mean(families[~families["family"].isin(MNIST_C)]),
        "accuracy_near": _mean(families[families["near"]]),
        "accuracy_far": _mean(families[~families["near"]]),
        "accuracy_other_writers": float(
            np.average(other_writers["accuracy"], weights=other_writers["images"])
        ),
        "worst_family": str(worst["family"]),
        "worst_accuracy": float(worst["accuracy"]),
        "corruptions": PUBLISHED if families["strength"].isna().all() else "own",
        "corruption_seed": seed.root,
        "test_images": int(robustness["images"].iloc[0]),
        **test_data,
        **{key: training[key] for key in ("recipe", "seed", "model_digest")},
        "trained_on": training["dataset"],
        "model_version": lineage["versions"]["model"],
        "data_version": lineage["versions"]["x_test"],
        **{key: value for key, value in lineage.items() if key != "versions"},
    }


def _mean(rows: pd.DataFrame) -> float | None:
    return float(rows["accuracy"].mean()) if len(rows) else None


def _mnist_c_families(families: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of MNIST-C's fifteen families, or no rows if a family is missing.

    A family counts as missing if its strength differs from its strength in MNIST-C.
    """
    expected = families["family"].map(MNIST_C)
    same = families["strength"].isna() | (families["strength"] == expected)
    found = families[expected.notna() & same]
    return found if len(found) == len(MNIST_C) else found.iloc[:0]
