"""Send partitions to the workers, a few at a time, and continue when workers end."""

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
"""Number of tasks at the scheduler for each thread of a worker: one runs, and the next
one is there when it ends. All others stay with the driver."""

POLL_SECONDS = 5
"""How often to look whether there are still workers, while no task ends."""

PATIENCE_SECONDS = 300
"""How long to wait for new workers after the last one has gone."""

POISON = "ended the process that read it"
"""The start of the reason for a picture whose reading kills workers."""


class Part(NamedTuple):
    """A partition with its number."""

    number: int
    pictures: Partition


def run_parts(
    client: Client,
    partitions: Iterator[Partition],
    work: Callable[[int, Partition], Result],
    probe: Callable[[int, Partition], Any],
) -> Iterator[Result]:
    """Yield ``work(number, pictures)`` of each partition, in the order of completion.

    The workers run ``work``. A partition whose workers are killed waits until all
    others are done. Then ``probe`` runs on each of its pictures alone, so that the
    picture that kills workers is found. ``work`` gets the partition again, with that
    picture set aside. Raises ProjectError if no worker is left, or if the partition
    kills workers again. Exceptions raised by ``work`` are passed on.
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

    Raises ProjectError if there are no workers for a while.
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
    """Return the result, which may have to be computed again.

    A worker that is killed takes its results with it, even those of tasks that were
    done. Raises ProjectError if there are no workers for a while.
    """
    while True:
        _wait(client, {future: None})
        with suppress(TimeoutError):
            return future.result(timeout=POLL_SECONDS)


def _set_aside(client: Client, part: Part, probe: Callable) -> Part:
    """Return the partition, with the pictures that kill workers set aside.

    Each picture is read alone, with no other task running, so the cause is certain.
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
