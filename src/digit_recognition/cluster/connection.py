"""Connect to a Dask cluster; raise ProjectError if the connection fails."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster
from distributed.comm import CommClosedError

from digit_recognition.errors import ProjectError

LOCAL = "local"

LOCAL_SETTINGS = {
    "distributed.scheduler.allowed-failures": 1,  # retries after a worker is killed
    # By default, a cluster gives up a worker that does not restart within 15 s.
    "distributed.deploy.lost-worker-timeout": "10 minutes",
    "logging.distributed": "critical",
}

CONNECT_SECONDS = 10
"""How long to wait for a scheduler."""

WORKER_SECONDS = 30
"""How long to wait for the first worker."""


@contextmanager
def open_client(scheduler: str) -> Iterator[Client]:
    """Yield a client of the scheduler, or of a new cluster on this machine.

    ``scheduler`` is an address such as ``tcp://HOST:8786``, or ``local`` for a new
    cluster with one worker for each core. Raises ProjectError if no scheduler or no
    worker answers, or if the connection to the scheduler is lost.
    """
    # ProjectError gives the reason. Dask would also log an error for each worker.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with _start_local() if scheduler == LOCAL else _connect(scheduler) as client:
            yield client
    except (CancelledError, CommClosedError) as error:
        raise ProjectError(
            f"expected the scheduler {scheduler} until the end, lost the connection to "
            "it; run the same command again: finished partitions are not read again"
        ) from error


@contextmanager
def _start_local() -> Iterator[Client]:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    with (
        dask.config.set(LOCAL_SETTINGS),
        LocalCluster(
            n_workers=cores,
            threads_per_worker=1,
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
            "`dask scheduler`, or leave read.scheduler out"
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
