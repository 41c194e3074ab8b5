"""Nodes that judge a model on corrupted test images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, field_validator

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import (
    LogProbabilities,
    mean_loss,
    verify_record,
)
from digit_recognition.models.cnn import Classifier
from digit_recognition.parameters import Parameters, Seed
from digit_recognition.recognition.calibration import expected_calibration_error

Strength = Annotated[int, Field(ge=1, le=5)]
CLEAN = "clean"
PUBLISHED = "published"

Examples = dict[str, dict[str, np.ndarray]]
"""By family: some images (k, 28, 28), the digits read in them and whether rightly."""


class RobustnessParameters(Parameters):
    """Which families of corrupted images, how strong, and what training came near.

    ``families`` has a strength for each, or null to leave it out; ``strength`` is one
    for all of them instead, or null.
    ``mnist_c`` is a folder of published arrays that take the families' place, or null;
    it is read where it is given with --params. ``examples`` of each family are drawn.
    ``nearest`` says which family is nearest to each random change in training.
    """

    families: dict[str, Strength | None]
    strength: Strength | None
    mnist_c: str | None
    examples: Annotated[int, Field(ge=1, le=100)]
    nearest: dict[str, str]

    @field_validator("families")
    @classmethod
    def _leave_some(cls, value: dict[str, int | None]) -> dict[str, int | None]:
        if not any(value.values()):
            raise ValueError(
                "expected a strength for one family at least, received none"
            )
        return value

    @field_validator("families", "nearest")
    @classmethod
    def _know_families(cls, value: dict[str, Any], info: Any) -> dict[str, Any]:
        named = value if info.field_name == "families" else value.values()
        for family in named:
            if family not in FAMILIES:
                raise ValueError(
                    f"expected families of {', '.join(FAMILIES)}, received {family!r}"
                )
        return value


def measure_robustness(
    model: Classifier,
    training: dict[str, Any],
    x_test: np.ndarray,
    y_test: np.ndarray,
    mnist_c: dict[str, dict[str, np.ndarray]],
    seed: Seed,
    parameters: RobustnessParameters,
) -> tuple[pd.DataFrame, Examples]:
    """Accuracy, loss and calibration error for each family, the clean images first.

    Columns: family, strength (0 for the clean images, empty for published ones), near
    (whether training had a change that is near), images, accuracy, loss (nats) and
    expected_calibration_error. The second result is some images of each family and
    what was read in them.
    """
    verify_record(model, training)
    log_probabilities = LogProbabilities(model)
    labels = y_test.argmax(axis=1)
    near = near_families(training, parameters.nearest)
    rows, examples = [], {}
    for family, strength, images in _corrupted(
        x_test, labels, mnist_c, seed.root, parameters
    ):
        logs = log_probabilities(images)
        predicted = logs.argmax(axis=1)
        correct = predicted == labels
        rows.append(
            {
                "family": family,
                "strength": strength,
                "near": family in near,
                "images": len(images),
                "accuracy": float(correct.mean()),
                "loss": mean_loss(logs, y_test),
                "expected_calibration_error": expected_calibration_error(
                    np.exp(logs.max(axis=1)), correct
                ),
            }
        )
        some = slice(parameters.examples)
        examples[family] = {
            "images": images[some, ..., 0].copy(),  # not a view that keeps them all
            "predicted": predicted[some],
            "correct": correct[some],
        }
    table = pd.DataFrame(rows)
    table["strength"] = table["strength"].astype("Int64")
    return table, examples


def near_families(training: dict[str, Any], nearest: dict[str, str]) -> set[str]:
    """The families nearest to the random changes that the model was trained with.

    A change that is null or 0 was none, and so is paper for no image.
    """
    changes = training.get("augmentation") or {}
    paper = changes.get("paper") or {"share": 0}
    if paper["share"]:
        changes = changes | paper
    return {family for change, family in nearest.items() if changes.get(change)}


def _corrupted(
    x_test: np.ndarray,
    labels: np.ndarray,
    mnist_c: dict[str, dict[str, np.ndarray]],
    seed: int,
    parameters: RobustnessParameters,
) -> Iterator[tuple[str, int | None, np.ndarray]]:
    if parameters.mnist_c and not mnist_c:
        raise ProjectError(
            f"expected robustness.mnist_c in --params, received {parameters.mnist_c} "
            "in conf/; give it with --params robustness.mnist_c=FOLDER"
        )
    yield CLEAN, 0, x_test
    for family, arrays in mnist_c.items():
        images = arrays["images"]
        known = arrays.get("labels", labels)
        if len(images) != len(labels) or not np.array_equal(known, labels):
            other = " with other labels" if len(images) == len(labels) else ""
            raise ProjectError(
                f"expected in {family} the {len(labels)} test images that the model "
                f"is judged on, received {len(images)} images{other}; judge a model of "
                "the whole MNIST, whose test images MNIST-C's are, or leave out "
                "robustness.mnist_c"
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
    """Means over families, the worst of them, and where all of it came from.

    ``accuracy_mnist_c`` is the mean over MNIST-C's fifteen, where all of them are there
    in the strength of MNIST-C; ``accuracy_others`` that over the others;
    ``accuracy_near`` and ``accuracy_far`` those over families with and without a near
    change in training; null over none. ``corruption_seed`` drew the corruptions.
    Prints them.
    """
    clean = robustness[robustness["family"] == CLEAN]
    families = robustness[robustness["family"] != CLEAN]
    worst = families.loc[families["accuracy"].idxmin()]
    summary = {
        "accuracy_clean": _mean(clean),
        "accuracy_mnist_c": _mean(_as_published(families)),
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
    for words, key in (
        ("clean images", "accuracy_clean"),
        ("MNIST-C's fifteen, mean", "accuracy_mnist_c"),
        ("other families, mean", "accuracy_others"),
        ("families near to training, mean", "accuracy_near"),
        ("families far from it, mean", "accuracy_far"),
    ):
        if summary[key] is not None:
            print(f"Accuracy, {words}: {summary[key]:.4f}", flush=True)
    print(
        f"Accuracy, worst ({worst['family']}): {worst['accuracy']:.4f}",
        flush=True,
    )
    return summary


def _mean(rows: pd.DataFrame) -> float | None:
    return float(rows["accuracy"].mean()) if len(rows) else None


def _as_published(families: pd.DataFrame) -> pd.DataFrame:
    """The fifteen, or none of them where one is missing or of another strength."""
    own = families["family"].map(MNIST_C)
    same = families["strength"].isna() | (families["strength"] == own)
    found = families[own.notna() & same]
    return found if len(found) == len(MNIST_C) else found.iloc[:0]
