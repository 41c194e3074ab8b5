"""Nodes that evaluate a model on corrupted test images."""

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
"""For each family: images (k, 28, 28), predicted digits (k,), correct or not (k,)."""


class RobustnessParameters(Parameters):
    """The families of corrupted images, their strengths, and what is drawn.

    - ``families``: the strength of each family; null leaves a family out.
    - ``strength``: one strength for all these families instead, or null.
    - ``mnist_c``: a folder of published arrays to use instead of the families, or
      null.
    - ``examples``: the number of images of each family that are drawn.
    - ``nearest``: the family most similar to each random change in training.
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

    The table has a row for each family, after a first row for the clean images.
    Columns: family, strength (0 for clean images, empty for published ones), near
    (whether training used a similar random change), images, accuracy (0..1), loss
    (nats) and expected_calibration_error (0..1). The second result holds example
    images of each family with their predictions, the third the dataset and its digest.

    Raises ProjectError if ``training`` is the record of another model, if the model was
    trained on another dataset than the test arrays belong to, or if published images do
    not match the test images.
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
    """Return the families nearest to the random changes of the training images."""
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
    training: dict[str, Any],
    test_data: dict[str, str],
    seed: Seed,
    lineage: dict[str, Any],
) -> dict[str, Any]:
    """Return mean accuracies over the families, the worst family and the origin.

    A mean over no family is null:

    - ``accuracy_mnist_c``: over MNIST-C's fifteen families. It is null unless all
      fifteen are present in the strengths of MNIST-C.
    - ``accuracy_others``: over all other families.
    - ``accuracy_near``, ``accuracy_far``: over the families with and without a similar
      random change in training.

    ``corruption_seed`` is the seed of the corruptions.
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
    """Return the rows of MNIST-C's fifteen families in its strengths, if all exist."""
    expected = families["family"].map(MNIST_C)
    same = families["strength"].isna() | (families["strength"] == expected)
    found = families[expected.notna() & same]
    return found if len(found) == len(MNIST_C) else found.iloc[:0]
