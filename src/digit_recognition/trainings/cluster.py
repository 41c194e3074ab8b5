"""A Dask cluster on which trainings run: this machine, or a scheduler elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from digit_recognition.errors import ProjectError, missing_extra
from digit_recognition.runtime import available_cores

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
WORKER_SECONDS = 60


@contextlib.contextmanager
def open_client(scheduler: str | None, threads: int | None) -> Iterator[Client]:
    """Yield a client of the cluster at the address ``scheduler``.

    If ``scheduler`` is None, a cluster is started on this machine and closed at the
    end. This cluster has one worker process per ``threads`` cores, or only one worker
    process if ``threads`` is None.

    Raises ProjectError if Dask is not installed, if no scheduler answers, or if the
    scheduler has no worker.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise missing_extra(error) from error
    settings = {
        # Do not warn that the arrays are large. They are sent to the workers in a task.
        "distributed.admin.large-graph-warning-threshold": "10GB",
        # If its worker is killed, a training is repeated once.
        "distributed.scheduler.allowed-failures": 1,
        # Otherwise, workers write their informational messages to the terminal.
        "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "error",
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        cluster: str | LocalCluster
        if scheduler is None:
            cores = available_cores()
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=max(1, cores // (threads or cores)),
                    threads_per_worker=1,
                    memory_limit=None,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=False,
                )
            )
        else:
            cluster = scheduler
        try:
            client = stack.enter_context(Client(cluster, timeout=CONNECT_SECONDS))
        except (OSError, ValueError) as error:
            raise ProjectError(
                f"expected a Dask scheduler at {scheduler}, received no answer within "
                f"{CONNECT_SECONDS} s ({error}); start one with `dask scheduler`, or "
                "leave the parameter out to use this machine"
            ) from error
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise ProjectError(
                f"expected a worker at {scheduler or 'this machine'}, received none "
                f"within {WORKER_SECONDS} s; start one with "
                f"`dask worker {scheduler} --nthreads 1`"
            ) from error
        yield client
