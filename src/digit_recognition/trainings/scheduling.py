"""Run many trainings on a cluster, except those that are finished already."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from digit_recognition.datasets.journal_dataset import Journal
from digit_recognition.errors import ProjectError, missing_extra
from digit_recognition.runtime import available_cores, format_duration

from .training import Training, run_training

if TYPE_CHECKING:
    from distributed import Client, Future

Row = dict[str, Any]


class Trainer(contextlib.ExitStack):
    """Runs trainings on a Dask cluster, which is opened before the first training.

    - ``data``: the results of the pipeline `prepare`: ``dataset_info``, and arrays such
      as ``x_train``.
    - ``journal``: receives the result of each training that does not fail.
    - ``resume``: if it is True, trainings with a result in the journal are not
      repeated.
    - ``scheduler``, ``threads``: see ``ClusterParameters``.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        journal: Journal,
        *,
        resume: bool,
        scheduler: str | None,
        threads: int | None,
    ):
        super().__init__()
        self._data, self._journal, self._resume = dict(data), journal, resume
        self._scheduler, self._threads = scheduler, threads
        self._client: Client | None = None
        self._remote_data: Future | None = None

    def __enter__(self) -> Self:
        return self

    def run(self, trainings: Sequence[Training]) -> list[Row]:
        """Run the trainings, and return one row for each of them, in the same order.

        The rows are those of ``run_training``, but without ``history``. A line is
        printed when a training ends. On Ctrl-C, KeyboardInterrupt is raised with a
        message that says how many trainings are finished.

        Raises ProjectError if the cluster cannot be opened or is lost, if the code or
        packages of a worker differ from those of this process, or if several workers
        are killed during the same training.
        """
        rows: dict[str, Row] = {}
        if self._resume:
            found = {item.key: self._journal.read(item.key) for item in trainings}
            rows = {key: row for key, row in found.items() if row is not None}
        if rows:
            print(f"  {len(rows)} of {len(trainings)} trainings are finished already")
        missing = {item.key: item for item in trainings if item.key not in rows}
        try:
            if missing:
                self._run_missing(missing, rows)
        except KeyboardInterrupt as stopped:
            raise KeyboardInterrupt(
                f"Stopped after {len(rows)} of {len(trainings)} trainings, which are "
                "saved: the same command resumes from there."
            ) from stopped
        return [_without_history(rows[item.key]) for item in trainings]

    def _run_missing(self, missing: dict[str, Training], rows: dict[str, Row]) -> None:
        client = self._connect()

        from distributed import as_completed

        futures = {
            client.submit(
                *(run_training, item, self._remote_data),
                key=f"train-{key}",
                priority=-place,  # in the order of ``missing``
            ): key
            for place, (key, item) in enumerate(missing.items())
        }
        for future in as_completed(futures):
            key = futures[future]
            rows[key] = row = _result(future, missing[key])
            if not row["problem"]:
                self._journal.write(key, row)
            _print_row(missing[key], row)

    def _connect(self) -> Client:
        if self._client is None:
            try:
                from digit_recognition.cluster.connection import LOCAL, open_client
            except ImportError as error:
                raise missing_extra(error) from error
            cores = available_cores()
            workers = max(1, cores // (self._threads or cores))
            self._client = self.enter_context(
                open_client(self._scheduler or LOCAL, workers, memory_limit=None)
            )
            # The data are the result of a task. If the worker with the data dies, Dask
            # runs the task again.
            self._remote_data = self._client.submit(dict, self._data, pure=False)
        return self._client


def _result(future: Future, training: Training) -> Row:
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    again = "then run the same command again: finished trainings are kept"
    try:
        return future.result()
    except KilledWorker as error:
        raise ProjectError(
            f"expected workers to survive the training of {training}, received several "
            f"that were killed; give each worker more memory, {again}"
        ) from error
    except (ImportError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "deserialization" not in str(error):
            raise
        raise ProjectError(
            "expected a scheduler and workers with digit_recognition and the same "
            f"packages as here, received an error ({str(error).splitlines()[0]}); "
            f"install the same on all hosts, {again}"
        ) from error
    except (FutureCancelledError, OSError) as error:
        raise ProjectError(
            f"expected the scheduler to stay, received a lost connection ({error}); "
            f"start the scheduler and its workers again, {again}"
        ) from error


def _without_history(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "history"}


def _print_row(training: Training, row: Row) -> None:
    if row["problem"]:
        print(f"  {training}: {row['problem']}", flush=True)
        return
    print(
        f"  {training}: validation accuracy {100 * row['validation_accuracy']:.2f} %, "
        f"{format_duration(row['seconds'])}",
        flush=True,
    )
