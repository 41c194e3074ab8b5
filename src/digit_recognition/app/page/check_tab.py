"""The tab in which a visitor checks the numbers that were not accepted."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from ..reading.service import Service
from .checking import NotDigits, Task, corrected, enter
from .markup import counted
from .tables import downloads
from .uploaded import Uploaded
from .worklists import Desk, Worklist, find_worklists

NOTHING = (
    '<p class="invitation">There is nothing to check. Upload pictures, or read a '
    "folder with <code>kedro run --pipelines read</code>: the numbers that are set "
    "aside come here.</p>"
)
HELP = (
    "Enter alone keeps the number that was read. Type x if there is no number, b to go "
    "back."
)
DONE = (
    '<p class="progress"><b>Checked: {}.</b> Download the corrected table below, or '
    "type b to go back.</p>"
)
NO_PICTURE = (
    '<p class="problem">The picture has been moved or deleted. Find it by its name, or '
    "press Enter.</p>"
)
# The field appears some time after the server's answer, so try for 5 seconds.
FOCUS = """
() => {
  const end = Date.now() + 5000;
  const focus = () => {
    const field = document.querySelector("#typed textarea, #typed input");
    if (field?.offsetParent) field.focus();
    else if (Date.now() < end) setTimeout(focus, 50);
  };
  focus();
}
"""

View = tuple[Desk, str, gr.Textbox, gr.Button, gr.Button, str]


def build_check_tab(tab: gr.Tab, uploads: gr.State, service: Service) -> None:
    """Add the components of the tab Check to ``tab``, which must be empty.

    The value of ``uploads`` is a tuple with one ``Uploaded`` for each picture that the
    visitor has uploaded.
    """
    desk = gr.State(Desk(), time_to_live=3600)
    task = gr.HTML(
        NOTHING,
        html_template='<div role="status" aria-label="Number to check">${value}</div>',
        apply_default_css=False,
        elem_id="task",
    )
    typed = gr.Textbox(
        label="The right digits",
        info=HELP,
        max_lines=1,
        elem_id="typed",
        visible=False,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="next"),
    )
    with gr.Row(elem_id="check-buttons"):
        so_far = gr.Button("Download the table so far", visible=False, elem_id="so-far")
        other = gr.Button("", visible=False, elem_id="other-table")
    files = gr.HTML("", apply_default_css=False, elem_id="corrected")

    def find(found: tuple[Uploaded, ...]) -> list[Worklist]:
        return find_worklists(found, service.newest_readings())

    def answer(found: tuple[Uploaded, ...], state: Desk, text: str) -> View:
        lists = find(found)
        if not lists:
            return _view(lists, state)
        chosen = state.choose(lists)
        try:
            after = enter(state.progress_in(chosen), chosen.tasks, text or "")
        except NotDigits as problem:
            return _view(lists, state, str(problem))
        return _view(lists, state.with_progress(chosen, after))

    def open_other(found: tuple[Uploaded, ...], state: Desk) -> View:
        lists = find(found)
        others = [one for one in lists if one is not state.choose(lists)]
        return _view(lists, Desk(others[0].key, state.progress) if others else state)

    def offer_files(found: tuple[Uploaded, ...], state: Desk) -> str:
        lists = find(found)
        return _offer_files(state.choose(lists), state) if lists else ""

    outputs = [desk, task, typed, so_far, other, files]
    options: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    tab.select(
        lambda found, state: _view(find(found), state),
        [uploads, desk],
        outputs,
        **options,
    ).then(None, js=FOCUS)
    typed.submit(answer, [uploads, desk, typed], outputs, **options)
    so_far.click(offer_files, [uploads, desk], files, **options)
    other.click(open_other, [uploads, desk], outputs, **options).then(None, js=FOCUS)


def _view(lists: list[Worklist], desk: Desk, problem: str = "") -> View:
    hidden = gr.Button(visible=False)
    if not lists:
        return desk, NOTHING, gr.Textbox(visible=False), hidden, hidden, ""
    chosen = desk.choose(lists)
    other = hidden
    if others := [one for one in lists if one is not chosen]:
        other = gr.Button(f"Check {others[0].title} instead", visible=True)
    tasks, progress = chosen.tasks, desk.progress_in(chosen)
    if progress.position >= len(tasks):
        done = DONE.format(counted(len(tasks), "number"))
        box = gr.Textbox("", placeholder="", visible=True)
        return desk, done, box, hidden, other, _offer_files(chosen, desk)
    task = tasks[progress.position]
    kept = progress.answer_to(task) or "no number"
    box = gr.Textbox("", placeholder=f"Enter keeps {kept}", visible=True)
    shown = _show(task, progress.position, chosen, problem)
    return desk, shown, box, gr.Button(visible=True), other, ""


def _offer_files(worklist: Worklist, desk: Desk) -> str:
    """Return HTML links that download the table with the answers so far.

    The links contain the files. They are not made after each answer, because writing
    1,000 rows as XLSX takes 0.2 s.
    """
    rows = corrected(worklist.rows, desk.progress_in(worklist))
    return downloads(rows, "checked_readings")


def _show(task: Task, position: int, worklist: Worklist, problem: str) -> str:
    name, line, number, reason = (
        escape(str(task.row[column]))
        for column in ("picture", "line", "number", "reason")
    )
    count = len(worklist.tasks)
    warning = f'<p class="problem">{escape(problem)}</p>' if problem else ""
    read = f"Read as <b>{number}</b>, set aside: " if number else "Nothing read: "
    return (
        f'<p class="progress">Number {position + 1} of {count}: {name}, line {line}</p>'
        f'<p class="source">From {worklist.title}{worklist.time}</p>'
        f'<progress max="{count}" value="{position}" aria-label="Checked"></progress>'
        f'{_picture(task)}<p class="read-as">{read}{reason}</p>{warning}'
    )


def _picture(task: Task) -> str:
    picture = task.show()
    if picture is None:
        return NO_PICTURE
    url, width, height = picture
    return (
        f'<img class="cutting" src="{url}" alt="The number to check" '
        f'style="--aspect: {width / height:.3f}">'
    )
