"""Track a run on MLflow while it is in progress. If tracking fails, the run goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.datasets.atomic_catalog import is_local_version, saved_path
from digit_recognition.errors import ProjectError
from digit_recognition.hooks.lineage import code_revision

from .flattening import run_parameters
from .results import log_results
from .tracked_run import TrackedRun, first_tags, mark_abandoned
from .tracked_trainings import log_training
from .tracking_parameters import GROUP, TrackingParameters
from .tracking_server import Connection, connect

logger = logging.getLogger(__name__)


class LiveTracking:
    """Tracks one run on MLflow. After the first error, it warns and stops tracking."""

    def __init__(self, version: str, project: Path, parameters: dict[str, Any]) -> None:
        """Check the parameters of tracking.

        ``version`` is the version of the run's results. ``project`` is the project's
        folder. ``parameters`` are all of Kedro's parameters, nested as in ``conf/``.
        Raises ParameterValidationError if the parameters of tracking are wrong.
        """
        self.run: TrackedRun | None = None
        self._version = version
        self._project = project
        self._all = parameters
        self._parameters = TrackingParameters.model_validate(parameters[GROUP])

    def start(self, pipeline: Pipeline, tags: Mapping[str, str]) -> None:
        """Create the run on MLflow and log its parameters.

        ``tags`` are added to the tags that every run has. Raises ProjectError if MLflow
        is not installed.
        """
        try:
            connection = connect(self._parameters, self._project)
            mark_abandoned(connection)
            parameters = run_parameters(self._all, pipeline.inputs())
            self.run = self._make_run(connection, pipeline, parameters, tags)
            self.run.log_parameters(parameters)
        except ProjectError:
            raise
        except Exception as error:  # noqa: BLE001 (MLflow raises many classes)
            self._give_up(error)

    def log_epochs(self, history: list[dict[str, float]]) -> None:
        """Log the epochs in ``history`` that are not logged yet.

        ``history`` has one row for each finished epoch. ``fitting.Epoch`` describes the
        row.
        """
        self._try(TrackedRun.log_epochs, history)

    def log_training(self, record: dict[str, Any]) -> None:
        """Log one training of a sweep or a search as a child of the run.

        ``record`` is a row that ``run_training`` returned.
        """
        self._try(log_training, record)

    def end(self, status: str, catalog: DataCatalog, pipeline: Pipeline) -> str:
        """Log the results, end the run on MLflow, and return a text for the terminal.

        The text says where the run is on MLflow. If the exported model was registered,
        the text also gives its name and version. The text is empty if tracking has
        failed. ``status`` is FINISHED, FAILED or KILLED.
        """
        if self.run is None:
            return ""
        try:
            files = saved_files(catalog, pipeline)
            sentence = log_results(
                self.run, self._version, files, self._all["read"], self._parameters
            )
            self.run.end(status)
        except Exception as error:  # noqa: BLE001 (MLflow raises many classes)
            self._give_up(error)
            return ""
        line = f"Tracked on MLflow: {self.run.address}"
        return f"{line}\nThe model is {sentence}." if sentence else line

    def _try(self, log: Callable[[TrackedRun, Any], None], data: Any) -> None:
        """Call ``log`` with the run and the data; stop tracking if this fails."""
        if self.run is None:
            return
        try:
            log(self.run, data)
        except Exception as error:  # noqa: BLE001 (MLflow raises many classes)
            self._give_up(error)

    def _make_run(
        self,
        connection: Connection,
        pipeline: Pipeline,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> TrackedRun:
        stages = sorted({node.namespace or node.name for node in pipeline.nodes})
        chosen = {name: parameters.get(name) for name in ("recipe", "seed")}
        about = {
            **first_tags(self._version, code_revision(Path(__file__))),
            "pipelines": ", ".join(stages),
            **{name: value for name, value in chosen.items() if value is not None},
            **tags,
        }
        return TrackedRun.start(connection, run_name(parameters, stages), about)

    def _give_up(self, error: Exception) -> None:
        logger.debug("Traceback of the error", exc_info=True)
        reason = " ".join(str(error).split()).rstrip(".")
        started = "was stopped" if self.run else "is off"
        logger.warning(
            "Tracking %s: %s. The run goes on; `kedro mlflow-upload %s` logs its "
            "results later.",
            *(started, reason, self._version),
        )
        self.run = None


def run_name(parameters: Mapping[str, str], stages: list[str]) -> str:
    """Return a name for a run.

    If the run trains a network, the name consists of the recipe and the seed.
    Otherwise, the name lists the run's pipelines. ``parameters`` are the run's
    parameters from ``run_parameters``. ``stages`` are the names of the run's pipelines.

    >>> run_name({"recipe": "quick", "seed": "3"}, ["train"])
    'quick, seed 3'
    """
    if "recipe" in parameters and "seed" in parameters and "train" in stages:
        return f"{parameters['recipe']}, seed {parameters['seed']}"
    return ", ".join(stages)


def saved_files(catalog: DataCatalog, pipeline: Pipeline) -> dict[str, Path]:
    """Return the paths of versioned datasets that a pipeline saved on a local disk."""
    files = {}
    for name in sorted(pipeline.all_outputs()):
        dataset = catalog.get(name)
        if is_local_version(dataset) and (path := saved_path(dataset)).exists():
            files[name] = path
    return files
