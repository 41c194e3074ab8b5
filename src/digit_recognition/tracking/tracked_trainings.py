"""Log each training of a sweep or a search as a child of the MLflow run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

from digit_recognition.trainings.changes import describe_training, parse_changes

from .flattening import shorten_key
from .tracked_run import TrackedRun

PARAMETERS = ("recipe", "seed")
TAGS = (
    *("recipe", "seed", "dataset", "model_digest", "precision", "processor"),
    *("threads", "problem"),
)
"""The entries of a training's record that become parameters and tags."""

DESCRIPTION = {*PARAMETERS, *TAGS, "changes", "date", "epochs", "history"}
"""The entries that are not metrics."""

OWN_NAMES = ("validation_", "test_", "seconds")
"""The beginnings of the metrics' names that stay as they are. All other metrics are
accuracies for families of corruptions."""


def log_training(parent: TrackedRun, record: Mapping[str, Any]) -> None:
    """Log a training as a child of a run.

    ``record`` is a row as ``run_training`` returns it. Its ``history``, if present, is
    logged as the learning curve. Changed fields of the recipe become parameters with
    the same names as in a single run, such as ``train.epochs``.
    """
    history = record.get("history", [])
    values = {
        name: value
        for name, value in record.items()
        if name != "history" and not pd.isna(value) and value != ""
    }
    changes = values.get("changes", "")
    end = time.time()
    run = parent.start_child(
        describe_training(values["recipe"], values["seed"], changes),
        {name: str(values[name]) for name in TAGS if name in values},
        start_time=end - values.get("seconds", 0),
    )
    run.log_parameters(
        {
            **{name: str(values[name]) for name in PARAMETERS},
            **{
                shorten_key(f"train.{field}"): value
                for field, value in parse_changes(changes).items()
            },
        }
    )
    run.log_epochs(history)
    run.log_metrics(
        {
            name if name.startswith(OWN_NAMES) else f"robustness/{name}": float(value)
            for name, value in values.items()
            if name not in DESCRIPTION
        }
    )
    run.end("FAILED" if "problem" in values else "FINISHED", end)


def log_sweep(parent: TrackedRun, sweep: pd.DataFrame) -> None:
    """Log the trainings in the table of a sweep that are not children of the run yet.

    These are trainings that failed, and trainings of an earlier sweep that were not
    repeated. ``sweep`` is the result of ``train_recipes``.
    """
    logged = parent.child_names()
    for row in sweep.to_dict("records"):
        changes = "" if pd.isna(row["changes"]) else row["changes"]
        if describe_training(row["recipe"], row["seed"], changes) not in logged:
            log_training(parent, row)
