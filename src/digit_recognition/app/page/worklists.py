"""Tables with numbers that a person should check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ..reading.newest_readings import NewestReadings
from .checking import Checking, Task
from .tables import Row
from .uploaded import Shown, Uploaded, shown


@dataclass(frozen=True)
class Worklist:
    """A table of readings, and its tasks: the numbers that a person should check.

    ``key`` identifies the table. ``title`` is the name that visitors see. ``time`` is
    text that says when the table was made. It is shown right after the title, so it
    starts with a comma: ", 2026-01-31 12:00 UTC". It is empty for uploaded pictures.
    """

    key: str
    title: str
    time: str
    rows: list[Row]
    tasks: list[Task]


@dataclass(frozen=True)
class Desk:
    """The work of one visitor: the chosen table, and the progress in each table.

    ``key`` is the key of the chosen table, or empty if no table has been chosen yet.
    ``progress`` maps each table's key to the progress in that table.
    """

    key: str = ""
    progress: dict[str, Checking] = field(default_factory=dict)

    def choose(self, lists: Sequence[Worklist]) -> Worklist:
        """Return the table in ``lists`` that the visitor has chosen.

        If the visitor has not chosen a table, or ``lists`` no longer contains the
        chosen one, return the first table in ``lists``.
        """
        return next((one for one in lists if one.key == self.key), lists[0])

    def progress_in(self, worklist: Worklist) -> Checking:
        """Return the visitor's progress in a table.

        If the visitor has not begun to check the table, return a new Checking, which
        starts at the first task and has no answers.
        """
        return self.progress.get(worklist.key, Checking())

    def with_progress(self, worklist: Worklist, checking: Checking) -> Desk:
        """Return a copy of the desk in which ``checking`` is the progress in a table.

        ``worklist`` is this table.
        """
        return replace(self, progress=self.progress | {worklist.key: checking})


def find_worklists(
    uploads: Sequence[Uploaded], newest: NewestReadings | None
) -> list[Worklist]:
    """Return the tables in which a person should check something.

    A person should check each number that was not accepted, and each picture in which
    no number was found. These are the tasks. An uploaded file that could not be
    decoded, such as a text file, is not a task.

    There are up to two tables: one with the rows of all uploads, and the one in
    ``newest``. A table without tasks is left out.
    """
    lists = []
    if uploads:
        lists.append(
            Worklist(
                uploads[0].key,
                "the uploaded pictures",
                "",
                [row for upload in uploads for row in upload.rows],
                _tasks_of_uploads(uploads),
            )
        )
    if newest:
        tasks = [
            Task(place, newest.rows[place], partial(_show, newest, place))
            for place in newest.to_check()
        ]
        # A version is a time, such as 2026-01-31T12.00.00.000Z.
        time = f", {newest.version[:10]} {newest.version[11:16].replace('.', ':')} UTC"
        title = "the folder that was read last"
        lists.append(Worklist(newest.version, title, time, newest.rows, tasks))
    return [one for one in lists if one.tasks]


def _tasks_of_uploads(uploads: Sequence[Uploaded]) -> list[Task]:
    tasks = []
    place = 0
    for upload in uploads:
        for number, row in enumerate(upload.rows):
            if number in upload.cuttings:
                show = partial(upload.cuttings.get, number)
                tasks.append(Task(place, row, show))
            place += 1
    return tasks


def _show(newest: NewestReadings, place: int) -> Shown | None:
    image = newest.show(place)
    return shown(image) if image else None
