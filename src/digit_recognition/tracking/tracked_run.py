"""Create a run on MLflow or find an existing one, and log results to it."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .tracking_server import Connection

if TYPE_CHECKING:
    from mlflow.entities import Run

VERSION = "version"
"""The tag with the version of the run's results. It is also the name of the folders in
``data/`` that contain these results."""

LOGGED = "results_logged"
"""The tag of a run whose results are all logged."""

PROCESS, MACHINE = "process", "machine"
"""The tags for the process that tracks the run: its id (PROCESS), and the name of the
machine on which it runs (MACHINE)."""

PARENT = "mlflow.parentRunId"
"""The tag with which MLflow marks a child run. Its value is the ID of the parent
run."""

CURVE = "epoch/"
"""The prefix of metrics' names, for metrics that have one value per epoch."""

MAX_RUNS = 50_000
"""Maximum number of runs that MLflow finds in one call."""

MAX_PER_CALL = 100
"""Maximum number of parameters, tags or metrics in one call. For parameters and tags,
this is MLflow's own limit."""


@dataclass
class TrackedRun:
    """A run on MLflow.

    ``epochs`` is the number of the last logged epoch, or 0 if no epoch is logged.
    """

    connection: Connection
    run_id: str
    epochs: int = 0

    @classmethod
    def start(
        cls,
        connection: Connection,
        name: str,
        tags: Mapping[str, str],
        start_time: float | None = None,
    ) -> TrackedRun:
        """Create a run. ``start_time`` is in seconds since 1970; the default is now."""
        run = connection.client.create_run(
            connection.experiment_id,
            start_time=_milliseconds(start_time),
            tags={**tags, PROCESS: str(os.getpid()), MACHINE: platform.node()},
            run_name=name,
        )
        return cls(connection, run.info.run_id)

    @classmethod
    def resume(cls, connection: Connection, run: Run) -> TrackedRun:
        """Return a TrackedRun for an existing run on MLflow.

        The number of the last logged epoch is read from MLflow.
        """
        run_id = run.info.run_id
        logged = connection.client.get_metric_history(run_id, f"{CURVE}loss")
        return cls(connection, run_id, max((point.step for point in logged), default=0))

    def start_child(
        self, name: str, tags: Mapping[str, str], start_time: float
    ) -> TrackedRun:
        """Create a run that MLflow's page shows below this run.

        ``start_time`` is in seconds since 1970.
        """
        tags = {**tags, PARENT: self.run_id}
        return TrackedRun.start(self.connection, name, tags, start_time)

    def child_names(self) -> set[str]:
        """Return the names of this run's children that finished or failed."""
        found = self.connection.client.search_runs(
            [self.connection.experiment_id],
            f"tags.{PARENT} = '{self.run_id}'",
            max_results=MAX_RUNS,
        )
        ended = "FINISHED", "FAILED"
        return {run.info.run_name for run in found if run.info.status in ended}

    @property
    def address(self) -> str:
        """The URL of the run's page on the server.

        If there is no server, it is a text with the run's id and the database's URI.
        """
        connection = self.connection
        if not connection.is_server:
            return f"run {self.run_id} in {connection.uri}"
        return (
            f"{connection.uri}/#/experiments/{connection.experiment_id}"
            f"/runs/{self.run_id}"
        )

    def log_parameters(self, parameters: Mapping[str, str]) -> None:
        """Log parameters. MLflow does not allow changes to them later."""
        from mlflow.entities import Param

        for some in _split([Param(*item) for item in parameters.items()]):
            self._log(params=some)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        """Log tags. New values replace old ones."""
        from mlflow.entities import RunTag

        for some in _split([RunTag(*item) for item in tags.items()]):
            self._log(tags=some)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log metrics that have only one value each."""
        self._log_points((name, value, 0) for name, value in metrics.items())

    def log_epochs(self, history: Sequence[Mapping[str, float]]) -> None:
        """Log the metrics of the epochs that are not logged yet.

        The number of the epoch becomes the step of the metrics on MLflow. ``history``
        has one row for each finished epoch. ``fitting.Epoch`` describes the row.
        """
        self._log_points(
            (f"{CURVE}{name}", value, int(row["epoch"]))
            for row in history
            if row["epoch"] > self.epochs
            for name, value in row.items()
            if name != "epoch"
        )
        self.epochs = max((int(row["epoch"]) for row in history), default=self.epochs)

    def end(self, status: str, end_time: float | None = None) -> None:
        """End the run with the status FINISHED, FAILED or KILLED.

        ``end_time`` is in seconds since 1970; the default is now.
        """
        self.connection.client.set_terminated(
            self.run_id, status, _milliseconds(end_time)
        )

    def _log_points(self, points: Iterable[tuple[str, float, int]]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, float(value), now, n) for name, value, n in points]
        for some in _split(metrics):
            self._log(metrics=some)

    def _log(self, **entities: Any) -> None:
        self.connection.client.log_batch(self.run_id, **entities)


def first_tags(version: str, revision: str) -> dict[str, str]:
    """Return the tags of a new run: the version of its results, and the code revision.

    MLflow's page uses the tags whose names start with ``mlflow.`` to fill some of its
    columns.
    """
    return {
        VERSION: version,
        "code_revision": revision,
        "mlflow.source.name": "kedro run",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": revision.removesuffix("-dirty"),
    }


def find_run(connection: Connection, version: str) -> Run | None:
    """Return the newest run whose results have this version, or None.

    A version is a text such as ``2026-01-31T12.00.00.000Z``.
    """
    runs = connection.client.search_runs(
        [connection.experiment_id], f"tags.{VERSION} = '{version}'", max_results=1
    )
    return runs[0] if runs else None


def mark_abandoned(connection: Connection) -> None:
    """End each run that MLflow shows as running although its process no longer exists.

    These runs get the status KILLED. A killed process cannot set this status itself.
    Only runs that were started on this machine are checked.
    """
    for run in _running_here(connection):
        if not _is_alive(int(run.data.tags[PROCESS])):
            connection.client.set_terminated(run.info.run_id, "KILLED")


def is_in_progress(run: Run) -> bool:
    """Return whether the run is still tracked by a running process on this machine."""
    tags = run.data.tags
    return (
        run.info.status == "RUNNING"
        and tags.get(MACHINE) == platform.node()
        and _is_alive(int(tags[PROCESS]))
    )


def version_time(version: str) -> float:
    """Return the time in a version's name as seconds since 1970.

    >>> version_time("1970-01-01T00.01.00.500Z")
    60.5
    """
    time = datetime.strptime(version, "%Y-%m-%dT%H.%M.%S.%fZ")
    return time.replace(tzinfo=UTC).timestamp()


def _running_here(connection: Connection) -> Iterator[Run]:
    is_running = f"status = 'RUNNING' and tags.{MACHINE} = '{platform.node()}'"
    yield from connection.client.search_runs([connection.experiment_id], is_running)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # on Windows, signal 0 stops the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # the process belongs to another user
        return True
    return True


def _split(entities: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(entities), MAX_PER_CALL):
        yield entities[start : start + MAX_PER_CALL]


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
