"""Let a person correct the numbers that were not accepted, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .tables import Row
from .uploaded import Shown

NO_NUMBER, BACK = "x", "b"
CHECKED = "checked by a person, was read as"


class Task(NamedTuple):
    """A number that a person should check.

    ``row`` is the number's row in the table of readings, and ``place`` is the index of
    that row. ``show`` returns a picture of the number, or None if there is no picture.
    """

    place: int
    row: Row
    show: Callable[[], Shown | None]


@dataclass(frozen=True)
class Checking:
    """A person's progress in checking the numbers of one table.

    ``position`` is the index of the current task. ``answers`` maps the index of a row
    in the table to the person's answer: the right number, or empty text if the picture
    has no number.
    """

    position: int = 0
    answers: dict[int, str] = field(default_factory=dict)

    def answer_to(self, task: Task) -> str:
        """Return the person's answer to a task.

        If there is no answer yet, return the number that the model has read.
        """
        answers: dict[int, str] = {task.place: task.row["number"]}
        return (answers | self.answers)[task.place]


class NotDigits(ValueError):  # noqa: N818 (the input is at fault, not the program)
    """Raised for an answer that `enter` does not accept, such as letters.

    The message lists the valid answers.
    """


def enter(checking: Checking, tasks: Sequence[Task], typed: str) -> Checking:
    """Return the progress after a person has typed an answer to the current task.

    White space in ``typed`` is ignored. The person can type:

    - digits: the right number;
    - nothing: the person's earlier answer to this task is right. If there is none, the
      number that the model has read is right;
    - "x": the picture has no number;
    - "b": go back to the previous task.

    Anything else raises NotDigits. When all tasks are done, only "b" has an effect.
    """
    typed = "".join(typed.split()).lower()
    if typed == BACK:
        return replace(checking, position=max(0, checking.position - 1))
    if checking.position >= len(tasks):
        return checking
    task = tasks[checking.position]
    if typed == NO_NUMBER:
        answer = ""
    elif not typed:
        answer = checking.answer_to(task)
    elif typed.isascii() and typed.isdigit():
        answer = typed
    else:
        raise NotDigits(
            f"Expected digits, received “{typed}”. Type digits, {NO_NUMBER} for no "
            f"number, or {BACK} to go back."
        )
    answers = checking.answers | {task.place: answer}
    return Checking(checking.position + 1, answers)


def corrected(rows: Sequence[Row], checking: Checking) -> list[Row]:
    """Return the table with the person's answers filled in.

    A row that the person has answered with a number becomes accepted, and its column
    ``reason`` says what the model had read. An empty answer means that the picture has
    no number. A row with this answer is not accepted. The column ``confidence`` does
    not change.
    """
    return [
        _corrected_row(row, checking.answers[place])
        if place in checking.answers
        else row
        for place, row in enumerate(rows)
    ]


def _corrected_row(row: Row, answer: str) -> Row:
    read = row["number"] or "nothing"
    return row | {
        "number": answer,
        "accepted": "true" if answer else "false",
        "reason": f"{CHECKED} {read}" if answer else "checked by a person: no number",
    }
