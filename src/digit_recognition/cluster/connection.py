"""Connect to a Dask cluster; raise ProjectError if the connection fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster
from distributed.comm import CommClosedError

from digit_recognition.errors import ProjectError
from digit_recognition.runtime import available_cores

LOCAL = "local"

SETTINGS = {
    # A task whose worker was killed is repeated once.
    "distributed.scheduler.allowed-failures": 1,
    # By default, a cluster gives up a worker that does not restart within 15 s.
    "distributed.deploy.lost-worker-timeout": "10 minutes",
    # The arrays of trainings are part of a task.
    "distributed.admin.large-graph-warning-threshold": "10GB",
    # The profiler takes 15 % of the time of reading small pictures.
    "distributed.worker.profile.enabled": False,
    "logging.distributed": "critical",
}
"""Dask's settings for clusters on this machine, and for clients."""

CONNECT_SECONDS = 10
"""Maximum time to wait for a scheduler, in seconds."""

WORKER_SECONDS = 30
"""Maximum time to wait for the first worker, in seconds."""


@contextmanager
def open_client(
    scheduler: str, workers: int | None = None, memory_limit: str | None = "auto"
) -> Iterator[Client]:
    """Yield a client of a Dask scheduler, or of a new Dask cluster on this machine.

    ``scheduler`` is an address such as ``tcp://HOST:8786``, or ``local`` for a new
    cluster. The other arguments apply only to a new cluster. ``workers`` is its number
    of processes, each with one thread. By default, there is one process per core. A
    process that uses more memory than ``memory_limit`` is restarted. By default, this
    limit is the machine's memory divided by its number of cores. If ``memory_limit`` is
    None, there is no limit.

    Raises ProjectError if no scheduler or no worker answers, or if the connection to
    the scheduler is lost.
    """
    # ProjectError gives the reason. Dask would also log an error for each worker.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    is_local = scheduler == LOCAL
    try:
        with (
            dask.config.set(SETTINGS),
            _start_local(workers, memory_limit)
            if is_local
            else _connect(scheduler) as client,
        ):
            yield client
    except (CancelledError, CommClosedError) as error:
        raise ProjectError(
            f"expected the scheduler {scheduler} until the end, lost the connection to "
            "it; run the same command again: what is finished is not repeated"
        ) from error


@contextmanager
def _start_local(workers: int | None, memory_limit: str | None) -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=workers or available_cores(),
            threads_per_worker=1,
            memory_limit=memory_limit,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _connect(scheduler: str) -> Iterator[Client]:
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"expected a Dask scheduler at {scheduler}, found none; start one with "
            "`dask scheduler`, or leave the parameter out to use this machine"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise ProjectError(
                f"expected workers of the scheduler {scheduler}, found none after "
                f"{WORKER_SECONDS} s; start some with `dask worker {scheduler} "
                "--nthreads 1`"
            ) from error
        yield client
