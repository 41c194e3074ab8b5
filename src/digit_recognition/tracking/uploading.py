"""Log to MLflow the results of earlier runs, such as runs that were not tracked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from digit_recognition.errors import ProjectError

from .flattening import record_parameters
from .live_tracking import run_name
from .results import log_results, read_records, record_tags
from .tracked_run import (
    LOGGED,
    TrackedRun,
    find_run,
    first_tags,
    is_in_progress,
    version_time,
)
from .tracking_parameters import TrackingParameters
from .tracking_server import Connection


def upload(
    connection: Connection,
    version: str,
    folders: Mapping[str, Path],
    rule: dict[str, float],
    parameters: TrackingParameters,
) -> str:
    """Log the results of a version; return one sentence that says what was done.

    The results that one run saves are called a version. ``folders`` maps the names of
    the datasets to the folders of this version, such as
    ``data/08_reporting/metrics.json/2026-01-31T12.00.00.000Z``. ``rule`` holds the
    parameters of the pipeline `read`.

    - If the version has no run on MLflow, a run is created.
    - If the version has a run that lacks some results, this run is completed.
    - If all results are on MLflow already, nothing is logged.

    Raises ProjectError if the version's run is still in progress on this machine,
    because such a run logs its results itself.
    """
    found = find_run(connection, version)
    if found is not None and found.data.tags.get(LOGGED):
        return f"{version} is on MLflow already, as run {found.info.run_id}"
    if found is not None and is_in_progress(found):
        raise ProjectError(
            f"expected a version whose run has ended, received {version}, whose run is "
            "in progress; it logs its results itself"
        )
    files = {name: folder / folder.parent.name for name, folder in folders.items()}
    if found is None:
        run = _start(connection, version, files)
    else:
        run = TrackedRun.resume(connection, found)
    sentence = log_results(run, version, files, rule, parameters)
    run.end("FINISHED", max(path.stat().st_mtime for path in files.values()))
    logged = f"{version} is logged as run {run.run_id}"
    return f"{logged}; the model is {sentence}" if sentence else logged


def _start(
    connection: Connection, version: str, files: Mapping[str, Path]
) -> TrackedRun:
    records = read_records(files)
    parameters = record_parameters(records)
    revision = record_tags(records).get("code_revision", "unknown")
    tags = first_tags(version, revision)
    stages = ["train"] if "training" in records else sorted(records or files)
    name = run_name(parameters, stages)
    run = TrackedRun.start(connection, name, tags, version_time(version))
    run.log_parameters(parameters)
    return run
