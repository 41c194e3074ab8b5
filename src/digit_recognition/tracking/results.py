"""Log the results of a run to MLflow, at the end of the run or later.

The results that one run saves are called a version.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from .charts_page import charts_page
from .flattening import numbers
from .logged_model import log_model, register_model
from .tracked_run import LOGGED, TrackedRun
from .tracked_trainings import log_sweep
from .tracking_parameters import TrackingParameters

RECORDS = (
    *("dataset_info", "training", "detector_training", "metrics", "export_check"),
    "robustness_summary",
)
"""The names of the datasets that are records: JSON files of results."""

METRICS = {
    "metrics": "",
    "robustness_summary": "robustness/",
    "export_check": "export/",
}
"""The records whose numbers are logged as metrics. Each record is mapped to the prefix
of its metrics' names."""

TAGS = (
    *("recipe", "seed", "dataset", "dataset_digest", "precision", "processor"),
    *("code_revision", "kedro_version", "keras_version", "tensorflow_version"),
    *("python_version", "model_version", "data_version", "model_digest"),
)
"""The keys in the records (see RECORDS) whose values become tags of the run on
MLflow."""

CHARTS = (
    *("training_curves", "confusion_matrix", "reliability_diagram", "risk_coverage"),
    *("runs_chart", "sweep_chart", "importances"),
)
FILES = (
    *("mistakes", "robustness_chart", "corruptions", "journey", "filters", "attention"),
    *("history", "digit_scores", "robustness", "runs", "sweep", "search"),
)
"""Datasets whose files (pictures and tables) become artifacts of the run on MLflow. The
pictures that users provide are not among them."""

PARTS = (("training", "train", "training"), ("metrics", "test", "evaluation"))
"""The parts of the dataset that are logged as inputs of the run. Each entry has the
name of the record that describes the part, the name of the part, and its purpose."""

MAX_DATASET_DIGEST = 36


def read_records(files: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Return the contents of the records, which are JSON files of results.

    ``files`` maps the names of datasets to the files that one run saved. Files that are
    not records are ignored.
    """
    return {
        name: json.loads(files[name].read_text(encoding="utf-8"))
        for name in RECORDS
        if name in files
    }


def record_tags(records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return those entries of the records that become tags (see TAGS)."""
    return {
        name: str(record[name])
        for record in records.values()
        for name in TAGS
        if name in record
    }


def log_results(
    run: TrackedRun,
    version: str,
    files: Mapping[str, Path],
    rule: dict[str, float],
    parameters: TrackingParameters,
) -> str:
    """Log the results of a version to its run on MLflow.

    The results that one Kedro run saves are called a version. ``files`` maps the names
    of the version's datasets to their files or folders. ``rule`` holds parameters of
    the pipeline `read`. Only those of the acceptance rule, which decides which digits
    are accepted, are saved with the model.

    Returns the phrase of ``register_model`` that says how the model was registered, or
    "" if no model was registered.
    """
    records = read_records(files)
    if "history" in files:
        run.log_epochs(pd.read_csv(files["history"]).to_dict("records"))
    run.log_tags(record_tags(records))
    run.log_metrics(
        {
            name: value
            for record, prefix in METRICS.items()
            for name, value in numbers(records.get(record, {}), prefix).items()
        }
    )
    _log_datasets(run, records)
    _log_files(run, files)
    if "sweep" in files:
        # As text: a recipe may be called 1e3 or null.
        sweep = pd.read_csv(files["sweep"], dtype=str, keep_default_na=False)
        log_sweep(run, sweep, files["sweep"].stat().st_mtime)
    sentence = ""
    if "model_onnx" in files:
        model_id, tags = log_model(run, files["model_onnx"], version, rule)
        run.log_metrics({"validation_error": float(tags["validation_error"])})
        if parameters.register_model:
            sentence = register_model(run, parameters.registered_model, model_id, tags)
    run.log_tags({LOGGED: "true"})
    return sentence


def _log_datasets(run: TrackedRun, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Log the datasets that the model was trained and evaluated on.

    Digests are cut to MAX_DATASET_DIGEST characters, because MLflow refuses longer
    digests.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"tags": {"made by": "kedro run --pipelines prepare"}})
    inputs = []
    for name, part, context in PARTS:
        if record := records.get(name):
            dataset = Dataset(
                name=f"{record['dataset']} {part}",
                digest=record["dataset_digest"][:MAX_DATASET_DIGEST],
                source_type="code",
                source=source,
                profile=json.dumps({"images": record[f"{part}_images"]}),
            )
            tags = [InputTag("mlflow.data.context", context)]
            inputs.append(DatasetInput(dataset, tags))
    if inputs:
        run.connection.client.log_inputs(run.run_id, inputs)


def _log_files(run: TrackedRun, files: Mapping[str, Path]) -> None:
    client = run.connection.client
    for name in FILES:
        if name in files:
            client.log_artifact(run.run_id, str(files[name]), "reports")
    for name in RECORDS:
        if name in files:
            client.log_artifact(run.run_id, str(files[name]), "records")
    charts = {name: files[name] for name in CHARTS if name in files}
    if charts:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "charts.html")
            page.write_text(charts_page(charts), encoding="utf-8")
            client.log_artifact(run.run_id, str(page), "reports")
