"""Show the progress of a training: as a bar on a terminal, otherwise as text lines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Protocol

from digit_recognition.runtime import format_duration

MAX_LINES = 20
"""Approximate maximum number of printed lines. If there are more epochs, some epochs
get no line."""


class Progress(Protocol):
    """Receives the progress of a training and shows it."""

    def batch_ended(self, epochs_done: float) -> None:
        """Report the number of epochs done, such as 2.5 halfway through epoch 3."""

    def epoch_ended(self, epoch: int, val_accuracy: float) -> None:
        """Report a finished epoch's number (from 1) and validation accuracy (0..1)."""


@contextlib.contextmanager
def show_progress(epochs: int, done: int) -> Iterator[Progress]:
    """Show the progress of ``epochs`` epochs, of which ``done`` are already complete.

    A terminal shows one bar, as wide as the terminal. Other output, such as a file,
    gets lines of text.
    """
    if not sys.stdout.isatty():
        yield _Lines(epochs, done)
        return
    bar = _Bar(epochs, done)
    with bar.display:
        yield bar


class _Lines:
    def __init__(self, epochs: int, done: int) -> None:
        self.epochs, self.done = epochs, done
        self.interval = -(-epochs // MAX_LINES)
        self.started = perf_counter()

    def batch_ended(self, epochs_done: float) -> None:
        pass

    def epoch_ended(self, epoch: int, val_accuracy: float) -> None:
        if epoch % self.interval and epoch not in (self.done + 1, self.epochs):
            return
        seconds = (perf_counter() - self.started) / (epoch - self.done)
        remaining = format_duration(seconds * (self.epochs - epoch))
        print(
            f"  epoch {epoch}/{self.epochs}: validation accuracy "
            f"{100 * val_accuracy:.2f} %, {remaining} left",
            flush=True,
        )


class _Bar:
    def __init__(self, epochs: int, done: int) -> None:
        from rich import get_console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Display
        from rich.table import Column

        def text(template: str) -> TextColumn:
            return TextColumn(template, table_column=Column(no_wrap=True))

        self.epochs = epochs
        self.display = Display(
            text("  epoch {task.fields[epoch]}/{task.total:.0f}"),
            BarColumn(bar_width=None),
            text("{task.description}"),
            TimeRemainingColumn(compact=True),
            text("left"),
            console=get_console(),
            expand=True,
            transient=True,
            speed_estimate_period=300.0,
        )
        self.task = self.display.add_task(
            "", total=epochs, completed=done, epoch=min(done + 1, epochs)
        )

    def batch_ended(self, epochs_done: float) -> None:
        epoch = min(int(epochs_done) + 1, self.epochs)
        self.display.update(self.task, completed=epochs_done, epoch=epoch)

    def epoch_ended(self, epoch: int, val_accuracy: float) -> None:
        self.display.update(
            self.task,
            completed=epoch,
            description=f"validation accuracy {100 * val_accuracy:.2f} %",
        )
