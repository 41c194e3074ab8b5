"""Send partitions of the pictures to Dask workers, and handle killed workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from distributed import Client, Future, wait
from distributed.scheduler import KilledWorker

from digit_recognition.datasets import Partition
from digit_recognition.errors import ProjectError

Result = TypeVar("Result")

TASKS_PER_THREAD = 2
"""Maximum number of unfinished tasks for each thread of a worker. One task runs and one
waits, so that the thread is never idle. When a task finishes, another is sent."""

POLL_SECONDS = 5
"""While no task finishes, the time between checks whether there are workers, in
seconds."""

PATIENCE_SECONDS = 300
"""Maximum time to wait for new workers if there are none, in seconds."""

POISON = "ended the process that read it"
"""First words of the reason that is recorded for a picture that kills workers."""


class Part(NamedTuple):
    """A partition of the pictures and its number, counted from 0."""

    number: int
    pictures: Partition


def run_parts(
    client: Client,
    partitions: Iterator[Partition],
    work: Callable[[int, Partition], Result],
    probe: Callable[[int, Partition], Any],
) -> Iterator[Result]:
    """Run ``work(number, pictures)`` for each partition, and yield the results.

    ``work`` runs on the workers. Partitions are numbered from 0. Results come in the
    order in which partitions finish.

    If a partition kills its workers, it is repeated after all other partitions:

    1. ``probe(number, pictures)`` runs on each picture alone, to find the pictures that
       kill workers. Its results are ignored.
    2. ``work`` runs on the partition again, without opening these pictures.

    Raises ProjectError if there are no workers for PATIENCE_SECONDS, or if a partition
    kills workers again in step 2. Exceptions raised by ``work`` are passed on.
    """
    parts = (Part(number, pictures) for number, pictures in enumerate(partitions))
    suspects: list[Part] = []
    running: dict[Future, Part] = {}
    more = True
    while more or running:
        limit = TASKS_PER_THREAD * max(1, sum(client.nthreads().values()))
        while more and len(running) < limit:
            part = next(parts, None)
            if part is None:
                more = False
            else:
                running[_submit(client, work, part)] = part
        for future in _wait(client, running):
            part = running.pop(future)
            try:
                yield _result(client, future)
            except KilledWorker:
                suspects.append(part)
            future.release()
    for part in suspects:
        cleared = _set_aside(client, part, probe)
        future = _submit(client, work, cleared)
        try:
            yield _result(client, future)
        except KilledWorker as error:
            raise ProjectError(
                f"expected workers that can read partition {part.number}, but they "
                "ended, although each of its pictures can be read alone; give them "
                "more memory, or lower read.partition_size"
            ) from error


def _submit(client: Client, work: Callable, part: Part) -> Future:
    return client.submit(work, *part, pure=False)


def _wait(client: Client, running: dict[Future, Any]) -> set[Future]:
    """Wait until at least one future is done, and return all futures that are done.

    The futures are the keys of ``running``; its values are not used. Raises
    ProjectError if there are no workers for PATIENCE_SECONDS.
    """
    started = monotonic()
    while running:
        try:
            return wait(
                list(running), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED"
            ).done
        except TimeoutError:
            if client.nthreads():
                started = monotonic()
            elif monotonic() - started > PATIENCE_SECONDS:
                raise ProjectError(
                    "expected workers until the end, found none for "
                    f"{PATIENCE_SECONDS} s; start some and run the same command "
                    "again: finished partitions are not read again"
                ) from None
    return set()


def _result(client: Client, future: Future) -> Any:
    """Wait until the future is done, and return its result.

    If a worker is killed before its result is fetched, the result is lost. Dask then
    computes it again, and this function waits for it. Raises KilledWorker if the task
    kills its workers, and ProjectError if there are no workers for PATIENCE_SECONDS.
    """
    while True:
        _wait(client, {future: None})
        with suppress(TimeoutError):
            return future.result(timeout=POLL_SECONDS)


def _set_aside(client: Client, part: Part, probe: Callable) -> Part:
    """Find the pictures that kill workers, and return a copy that does not open them.

    ``probe`` runs on each picture of the partition alone. If a worker is then killed,
    this picture is the cause, because no other task is running. The copy of the
    partition has a reason for each of these pictures.
    """
    reasons = {}
    for picture in part.pictures.partitions(1):
        future = _submit(client, probe, Part(part.number, picture))
        try:
            _result(client, future)
        except KilledWorker as error:
            (name,) = picture.names
            reasons[name] = f"{POISON}, {error.allowed_failures + 1} times"
        future.release()
    return Part(part.number, part.pictures.set_aside(reasons))


def is_poison(reason: str) -> bool:
    """Return whether ``reason`` says that a picture kills workers."""
    return reason.startswith(POISON)
