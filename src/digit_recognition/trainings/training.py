"""Describe what the result of a training depends on, and run a training."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import digit_recognition
from digit_recognition.datasets import Checkpoints
from digit_recognition.errors import ProjectError
from digit_recognition.runtime import bound_threads, processor

from .changes import describe_changes, describe_training
from .pipelines_in_memory import find_pipeline, run_pipeline

PACKAGES = ("keras", "tensorflow", "numpy")


@dataclass(frozen=True)
class Training:
    """A recipe, a seed, and everything else that determines a training's result.

    - ``changes``: the changed fields of the recipe, such as ``{"epochs": 3}``.
    - ``parameters``: maps the names of pipelines to their parameters. The
      ``changes`` are already made in these parameters.
    - ``dataset_digest``: the digest of the arrays that the pipeline `prepare` made.
    - ``test``: whether the model is scored on the test images.
    - ``corruptions``: whether the model is also scored on corrupted images.
    - ``threads``: the number of threads of TensorFlow. None stands for all cores.
    - ``software``: the result of ``software_digest``.
    """

    recipe: str
    seed: int
    changes: Mapping[str, Any]
    parameters: Mapping[str, Any]
    dataset_digest: str
    test: bool
    corruptions: bool
    threads: int | None
    software: str

    @property
    def key(self) -> str:
        """The name of the result in the journal, 64 hex digits.

        It is a digest of all fields and of this machine's processor.
        """
        conditions = {**asdict(self), "processor": processor()}
        return hashlib.sha256(
            json.dumps(conditions, sort_keys=True).encode()
        ).hexdigest()

    def __str__(self) -> str:
        changes = describe_changes(self.changes)
        return describe_training(self.recipe, self.seed, changes)


@cache
def software_digest() -> str:
    """Return a digest of this project's code and of the versions of PACKAGES."""
    digest = hashlib.sha256()
    for file in sorted(Path(digit_recognition.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()


def run_training(training: Training, data: Mapping[str, Any]) -> dict[str, Any]:
    """Train the network, score it, and return a row for a table of trainings.

    ``data`` holds the results of the pipeline `prepare`: ``dataset_info``, and arrays
    such as ``x_train``. The row has the columns that ``train_recipes`` describes. It
    also has ``history``, a list with the metrics of each epoch (see ``fitting.Epoch``).
    If the training fails, ``problem`` says why, and the scores and the history are
    missing.

    Raises ProjectError in two cases:

    - The code or packages differ from those of the process that planned the training.
    - In this process, TensorFlow already runs with another number of threads.
    """
    if training.software != software_digest():
        raise ProjectError(
            "expected workers with the same code of digit_recognition and the same "
            f"versions of {', '.join(PACKAGES)} as here, received a worker with "
            "others; install the same on all hosts and start the workers again"
        )
    threads = bound_threads(training.threads)

    import keras

    row = {
        "recipe": training.recipe,
        "seed": training.seed,
        "changes": describe_changes(training.changes),
        "dataset": data["dataset_info"]["dataset"],
        "threads": threads,
        "processor": processor(),
        "date": str(datetime.now(UTC).date()),
        "problem": "",
    }
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),  # hide the progress
        ):
            scores = _train_and_score(training, data, Path(folder))
    except ProjectError as error:
        return {**row, "problem": str(error)}
    finally:
        keras.backend.clear_session()
    return {**row, **scores}


def _train_and_score(
    training: Training, data: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    parameters = {
        **training.parameters,
        "recipe": training.recipe,
        "seed": training.seed,
    }
    lineage = {"versions": {"model": "", "x_test": ""}}
    data = {**data, "checkpoints": Checkpoints(folder), "lineage": lineage}
    data |= run_pipeline(find_pipeline("train"), data, parameters)
    record = data["training"]
    scores = {
        "epochs": record["epochs"],
        "precision": record["precision"],
        "seconds": record["fit_seconds"],
        "model_digest": record["model_digest"],
        **_validation_scores(data["validation_predictions"]),
        "history": data["history"].to_dict("records"),
    }
    if training.test:
        metrics = find_pipeline("evaluate").to_outputs("metrics")
        found = run_pipeline(metrics, data, parameters)["metrics"]
        names = ("test_accuracy", "test_accuracy_uncontested", "test_loss")
        # Contested labels are known only for MNIST's own test images.
        scores |= {name: found[name] for name in names if name in found}
    if training.corruptions:
        scores |= _corrupted_scores(training, data, parameters)
    return scores


def _validation_scores(predictions: pd.DataFrame) -> dict[str, float]:
    """Return the accuracy (0..1) and the loss (nats) on the validation images."""
    from scipy.special import log_softmax

    logits = predictions.filter(regex=r"^logit\d$").to_numpy()
    labels = predictions["label"].to_numpy()
    likelihoods = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return {
        "validation_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "validation_loss": float(-likelihoods.mean()),
    }


def _corrupted_scores(
    training: Training, data: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, float]:
    """Return the accuracy (0..1) for each family of corruptions.

    The corrupted images are the test images if ``training.test`` is true, otherwise
    the validation images.
    """
    parameters = dict(parameters)
    if not training.test:
        rows = data["validation_predictions"]["index"].to_numpy()
        images, labels = data["x_train"][rows], data["y_train"][rows]
        data = {**data, "x_test": images, "y_test": labels}
        parameters["evaluate"] = {"allow_other_data": True}
    pipeline = find_pipeline("robustness").to_outputs("robustness")
    table = run_pipeline(pipeline, {**data, "mnist_c": {}}, parameters)["robustness"]
    return dict(table.set_index("family")["accuracy"].drop("clean"))
