"""A server of the page, and a headless Chromium that visits it."""

import os
import queue
import subprocess
import sys
import threading

import pytest
from app.readings import save_readings
from app.screens import DESKTOP
from conftest import PATIENCE


@pytest.fixture(scope="session")
def temporary_files(tmp_path_factory):
    """The folder in which the server makes its temporary files."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def address(small_project, temporary_files):
    """Start a server on the small model, and return its address.

    The newest run of the pipeline `read` set 100 numbers aside.
    """
    save_readings(small_project, temporary_files.parent / "pictures", 100)
    code = (
        "import sys; from pathlib import Path\n"
        "from digit_recognition.app.server import serve\n"
        "serve(Path(sys.argv[1]), '127.0.0.1', 0,"
        " on_ready=lambda address: print('ready', address, flush=True))"
    )
    log = temporary_files.parent / "server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", code, str(small_project)],
            cwd=small_project,
            env={**os.environ, "TMPDIR": str(temporary_files)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield _wait_until_ready(process, log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(process, log):
    lines = queue.Queue()
    threading.Thread(
        target=lambda: [lines.put(line) for line in process.stdout], daemon=True
    ).start()
    while True:
        try:
            word, _, address = lines.get(timeout=90).partition(" ")
        except queue.Empty:
            pytest.fail(f"the server did not start: {log.read_text()}")
        if word == "ready":
            return address.strip()


class Visit:
    """A page in the browser, and what it asked for."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.asked, self.errors = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)
        # The script of the canvas sets its size; without it, strokes are lost.
        self.page.wait_for_function("document.querySelector('canvas')?.width === 640")
        # Until all of the page is loaded, Gradio's notice "Loading..." covers it.
        self.page.locator("canvas").hover(trial=True)

    def open_tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    def stroke(self, *points):
        """Draw a stroke; points are from -1 to 1, in half heights of the canvas."""
        places = [self.place(*point) for point in points]
        mouse = self.page.mouse
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=8)
        mouse.up()

    def place(self, x, y):
        box = self.page.locator("canvas").bounding_box()
        half = box["height"] / 2
        return (
            box["x"] + box["width"] / 2 + x * half,
            box["y"] + half + y * half,
        )

    def wait_for_number(self, number):
        self.page.locator("#answer .number", has_text=number).wait_for()

    def upload(self, *files):
        """Upload files: paths, or pairs of a name and bytes."""
        payload = [
            {"name": name, "mimeType": "image/png", "buffer": data}
            for name, data in files
        ]
        self.page.locator("#pictures input[type=file]").set_input_files(payload)

    def rows(self):
        """Return the cells of the table of readings."""
        return [
            row.locator("td").all_inner_texts()
            for row in self.page.locator(".readings tbody tr").all()
        ]

    def wait_for_rows(self, count):
        self.page.locator(f".readings tbody tr:nth-child({count})").wait_for()
        return self.rows()


@pytest.fixture
def visit(browser, address):
    """Return a function that visits the page with the options of a context."""
    visits = []

    def start(**options):
        visits.append(Visit(browser, address, **(options or DESKTOP)))
        return visits[-1]

    yield start
    for one in visits:
        one.context.close()
        assert one.errors == []


@pytest.fixture
def contrast():
    """Return a function for the contrast ratio of a text, by WCAG 2."""
    script = """element => {
        const channels = colour => colour.match(/[\\d.]+/g).map(Number);
        let behind = element, back = [0, 0, 0, 0];
        while (behind && !(back[3] > 0)) {
            const found = channels(getComputedStyle(behind).backgroundColor);
            back = found.length === 3 ? [...found, 1] : found;
            behind = behind.parentElement;
        }
        const light = ([red, green, blue]) => {
            const linear = [red, green, blue].map(value => {
                const part = value / 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05;
        };
        const both = [light(channels(getComputedStyle(element).color)), light(back)];
        return Math.max(...both) / Math.min(...both);
    }"""
    return lambda locator: locator.evaluate(script)
