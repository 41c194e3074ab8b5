"""Track a run on MLflow, if the run environment in ``conf/`` turns tracking on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.tracking.tracking_parameters import GROUP

if TYPE_CHECKING:
    from digit_recognition.tracking.live_tracking import LiveTracking

NAMED_IN = ("training", "metrics")
"""The datasets to which the ID of the MLflow run is added."""

_open = contextlib.ExitStack()


class TrackingHooks:
    """Track a run on MLflow if its parameters contain the key ``mlflow``.

    Without this key, MLflow is not imported.
    """

    def __init__(self) -> None:
        self._tracking: LiveTracking | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context, to look up the parameters later."""
        self._context = context

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Start a run on MLflow if the parameters contain the key ``mlflow``."""
        self._tracking = None
        parameters = self._context.config_loader["parameters"]
        if GROUP not in parameters:
            return
        from digit_recognition.tracking.live_tracking import LiveTracking

        project = self._context.project_path
        self._tracking = LiveTracking(run_params["run_id"], project, parameters)
        self._tracking.start(pipeline, {"kedro_version": metadata.version("kedro")})
        _open.push(lambda kind, *_: self._stop(kind, catalog, pipeline))

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """From now on, log to MLflow what is added to the loaded dataset.

        This applies to two datasets. When a checkpoint is saved in ``checkpoints``, the
        new epochs of its training are logged. When a training of a sweep or a search is
        added to ``finished_trainings``, this training is logged.
        """
        if self._tracking is None:
            return
        if dataset_name == "finished_trainings":
            data.listeners.append(self._tracking.log_training)
        if dataset_name == "checkpoints":
            from digit_recognition.pipelines.train.resuming import read_history

            log = self._tracking.log_epochs
            data.listeners.append(lambda arrays: log(read_history(arrays)))

    @hook_impl
    def before_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Add the ID of the MLflow run to the records ``training`` and ``metrics``."""
        if self._tracking and self._tracking.run and dataset_name in NAMED_IN:
            data["mlflow_run_id"] = self._tracking.run.run_id

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Log the results, and end the run on MLflow."""
        self._end("FINISHED", catalog, pipeline)

    @hook_impl
    def on_pipeline_error(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Log the results that exist, and mark the run on MLflow as failed."""
        self._end("FAILED", catalog, pipeline)

    def _stop(
        self,
        kind: type[BaseException] | None,
        catalog: DataCatalog,
        pipeline: Pipeline,
    ) -> None:
        is_failure = kind is not None and issubclass(kind, Exception)
        self._end("FAILED" if is_failure else "KILLED", catalog, pipeline)

    def _end(self, status: str, catalog: DataCatalog, pipeline: Pipeline) -> None:
        tracking, self._tracking = self._tracking, None
        if tracking is not None and (line := tracking.end(status, catalog, pipeline)):
            print(line, flush=True)


@contextlib.contextmanager
def open_run_is_ended() -> Iterator[None]:
    """After a ``with`` block, end the MLflow run if it is still open.

    The status of the run becomes FAILED after an error, and KILLED after Ctrl-C. A run
    that has succeeded is not open any more, because a hook has ended it. This function
    is needed because Kedro calls no hook after Ctrl-C or after a hook has failed.
    """
    with _open:
        yield
