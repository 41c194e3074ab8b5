"""Log each training of a sweep or a search on MLflow.

The sweep or search is a run on MLflow, and its trainings are children of this run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

from digit_recognition.trainings.changes import describe_training, parse_changes

from .flattening import flatten
from .tracked_run import TrackedRun

PARAMETERS = ("recipe", "seed")
TAGS = (
    *("recipe", "seed", "dataset", "model_digest", "precision", "processor"),
    *("threads", "problem"),
)
"""The entries of a training's record that become parameters (PARAMETERS) and tags
(TAGS) on MLflow."""

DESCRIPTION = {*PARAMETERS, *TAGS, "changes", "date", "epochs", "history"}
"""The entries of a training's record that are not metrics."""

OWN_NAMES = ("validation_", "test_", "seconds")
"""Metrics whose names start with one of these strings keep their names. All other
metrics are accuracies for families of corruptions. Their names get the prefix
``robustness/``."""


def log_training(
    parent: TrackedRun, record: Mapping[str, Any], end: float | None = None
) -> None:
    """Log a training as a child of a run.

    ``parent`` is the run of the sweep or search. ``record`` is a row that
    ``run_training`` returned. Its values may be text, as in a table read from a file.
    Its ``history``, if present, is logged as the learning curve. The changed fields of
    the recipe are logged as parameters. Their names, such as ``train.epochs``, are the
    same as in a run of the pipeline ``train``. ``end`` is the time at which the
    training ended, in seconds since 1970; the default is now.
    """
    history = record.get("history", [])
    values = {
        name: value
        for name, value in record.items()
        if name != "history" and value != ""
    }
    changes = values.get("changes", "")
    end = time.time() if end is None else end
    run = parent.start_child(
        _name(record),
        {name: str(values[name]) for name in TAGS if name in values},
        start_time=end - float(values.get("seconds", 0)),
    )
    try:
        run.log_parameters(
            flatten({name: values[name] for name in PARAMETERS})
            | flatten(parse_changes(changes), "train.")
        )
        run.log_epochs(history)
        run.log_metrics(
            {
                name if name.startswith(OWN_NAMES) else f"robustness/{name}": float(
                    value
                )
                for name, value in values.items()
                if name not in DESCRIPTION
            }
        )
    except BaseException:
        with contextlib.suppress(Exception):  # the server may be gone
            run.end("KILLED")
        raise
    run.end("FAILED" if "problem" in values else "FINISHED", end)


def log_sweep(parent: TrackedRun, sweep: pd.DataFrame, end: float) -> None:
    """Log a sweep's trainings that are not logged as children of ``parent`` yet.

    While a sweep runs, each training that succeeds is logged. This function logs the
    others, such as trainings that failed, and trainings that were not repeated because
    the journal had their results. ``sweep`` is the table that ``train_recipes``
    returns, read from its CSV file. All of its values are strings. ``end`` is the time
    at which the sweep ended, in seconds since 1970.
    """
    logged = parent.child_names()
    for row in sweep.to_dict("records"):
        if _name(row) not in logged:
            log_training(parent, row, end)
            logged.add(_name(row))


def _name(record: Mapping[str, Any]) -> str:
    return describe_training(record["recipe"], record["seed"], record["changes"])
