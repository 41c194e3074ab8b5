"""The tab in which a person checks the numbers that were set aside."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from .checking import Checking, NotDigits, Task, corrected, enter, find_tasks
from .markup import counted
from .tables import downloads
from .uploaded import Uploaded

NOTHING = (
    '<p class="invitation">There is nothing to check. Upload pictures first: the '
    "numbers that are set aside come here.</p>"
)
HELP = (
    "Enter alone keeps the number that was read. Type x if there is no number, b to go "
    "back."
)
DONE = (
    '<p class="progress"><b>Checked: {}.</b> Download the corrected table below, or '
    "type b to go back.</p>"
)
FOCUS = (
    "() => { setTimeout(() => document.querySelector('#typed textarea, #typed input')"
    "?.focus(), 150); }"
)

View = tuple[Checking, str, gr.Textbox, gr.Button, str]


def build_check_tab(tab: gr.Tab, uploads: gr.State) -> None:
    """Add the tab's contents to the page; ``uploads`` is the state of the uploads."""
    checking = gr.State(Checking(), time_to_live=3600)
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
    so_far = gr.Button("Download the table so far", visible=False, elem_id="so-far")
    files = gr.HTML("", apply_default_css=False, elem_id="corrected")

    def answer(found: tuple[Uploaded, ...], state: Checking, text: str) -> View:
        try:
            return _view(found, enter(state, find_tasks(found), text or ""))
        except NotDigits as problem:
            return _view(found, state, str(problem))

    def open_tab(found: tuple[Uploaded, ...], state: Checking) -> View:
        return _view(found, state if found else Checking())

    outputs = [checking, task, typed, so_far, files]
    options: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    tab.select(open_tab, [uploads, checking], outputs, **options).then(None, js=FOCUS)
    typed.submit(answer, [uploads, checking, typed], outputs, **options)
    so_far.click(_offer_files, [uploads, checking], files, **options)


def _view(uploads: tuple[Uploaded, ...], state: Checking, problem: str = "") -> View:
    tasks = find_tasks(uploads)
    if not tasks:
        hidden = gr.Textbox(visible=False), gr.Button(visible=False)
        return state, NOTHING, *hidden, ""
    if state.position >= len(tasks):
        done = DONE.format(counted(len(tasks), "number"))
        box = gr.Textbox("", placeholder="", visible=True)
        files = _offer_files(uploads, state)
        return state, done, box, gr.Button(visible=False), files
    task = tasks[state.position]
    kept = state.answer_to(task) or "no number"
    box = gr.Textbox("", placeholder=f"Enter keeps {kept}", visible=True)
    shown = _show(task, state.position, len(tasks), problem)
    return state, shown, box, gr.Button(visible=True), ""


def _offer_files(uploads: tuple[Uploaded, ...], state: Checking) -> str:
    """Return links that download the table with the answers so far.

    This is not done after each answer, because 1,000 rows take 0.2 s as XLSX.
    """
    rows = [row for upload in uploads for row in upload.rows]
    return downloads(corrected(rows, state), "checked_readings")


def _show(task: Task, position: int, count: int, problem: str) -> str:
    name, line, number, reason = (
        escape(str(task.row[column]))
        for column in ("picture", "line", "number", "reason")
    )
    url, width, height = task.picture
    warning = f'<p class="problem">{escape(problem)}</p>' if problem else ""
    read = f"Read as <b>{number}</b>, set aside: " if number else "Nothing read: "
    return (
        f'<p class="progress">Number {position + 1} of {count}: {name}, line {line}</p>'
        f'<progress max="{count}" value="{position}" aria-label="Checked"></progress>'
        f'<img class="cutting" src="{url}" alt="The number to check" '
        f'style="--aspect: {width / height:.3f}">'
        f'<p class="read-as">{read}{reason}</p>{warning}'
    )
