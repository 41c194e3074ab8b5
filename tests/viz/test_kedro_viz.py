"""Kedro-Viz as a person sees it, in a headless Chromium."""

import contextlib
import functools
import http.server
import json
import operator
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from conftest import PATIENCE

pytestmark = pytest.mark.runs


@pytest.fixture(scope="module")
def project(trained, tmp_path_factory):
    """Copy a project after one run."""
    project = trained.copy_to(tmp_path_factory.mktemp("viz") / "project")
    shutil.copytree(trained.folder / ".viz", project.folder / ".viz")
    return project


@pytest.fixture(scope="module")
def server(project):
    """Start Kedro-Viz for the project, and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kedro", "viz", "run", "--no-browser"]
    with (project.folder / "viz.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=project.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Kedro-Viz serves from a process of its own
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(120):
                try:
                    urlopen(f"{address}/api/main", timeout=5).close()
                    break
                except (URLError, TimeoutError):
                    time.sleep(1)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def site(project):
    """Build the static site, and return its folder."""
    done = subprocess.run(
        [sys.executable, "-m", "digit_recognition.viz.static_site"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return project.folder / "site"


@pytest.fixture(scope="module")
def site_address(site):
    """Serve the static site below a path, and return its address."""
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=site.parent
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/site"
        server.shutdown()


@pytest.fixture(scope="module")
def nodes(site):
    """Load the data that Kedro-Viz shows for each node, by the node's name."""
    listed = json.loads((site / "api" / "main").read_text())["nodes"]
    return {
        node["name"]: node
        | json.loads((site / "api" / "nodes" / node["id"]).read_text())
        for node in listed
    }


@pytest.fixture
def open_page(browser):
    """Open a page without the tour for first visitors, and close it after the test."""
    with contextlib.ExitStack() as opened:

        def open_page(address, theme="dark"):
            page = browser.new_page(viewport={"width": 1500, "height": 900})
            opened.callback(page.close)
            page.set_default_timeout(PATIENCE)
            state = json.dumps({"showFeatureHints": False, "theme": theme})
            page.add_init_script(
                f"localStorage.setItem('KedroViz', {json.dumps(state)})"
            )
            page.on("response", lambda answer: _log_failure(answer.status, answer.url))
            page.on("requestfailed", lambda request: _log_failure("no", request.url))
            page.goto(address)
            return page

        yield open_page


def _log_failure(status, url):
    """Print a request that failed: pytest shows it if the test fails, too."""
    if status == "no" or status >= 400:
        print(f"{status} answer to {url}")


def wait_for(locator):
    """Wait until it is shown; like a visitor, load a page again that stays empty.

    Kedro-Viz asks the server once for the data of a node, and never again if the answer
    is lost.
    """
    from playwright.sync_api import TimeoutError as NotShown

    for _ in range(3):
        try:
            return locator.wait_for(timeout=PATIENCE / 4)
        except NotShown:
            print(f"{locator} was not shown: load the page again")
            locator.page.reload()
    return locator.wait_for(timeout=PATIENCE / 4)


def test_the_page_opens_with_a_box_for_each_pipeline_and_readable_labels(
    open_page, server
):
    page = open_page(server)
    page.locator(".pipeline-node").first.wait_for()
    texts = page.locator(".pipeline-node__text").all_text_contents()
    assert {"prepare", "train", "detector", "export", "evaluate"} <= set(texts)
    assert "load_mnist" not in texts
    page.wait_for_function(  # until the flowchart is fitted into the window
        """[...document.querySelectorAll(".pipeline-node__text")].every(
            label => label.getBoundingClientRect().height > 8.5)"""
    )
    box = page.locator(".pipeline-node", has_text="prepare").first
    box.click()
    page.get_by_text("load_mnist").first.wait_for()


def test_the_open_flowchart_shows_functions_and_a_preview_of_digits(
    open_page, nodes, server
):
    page = open_page(f"{server}/?expandAllPipelines=true")
    for name in ("train_model", "load_mnist", "score_predictions", "metrics"):
        page.locator(f'.pipeline-node[data-id="{nodes[name]["id"]}"]').wait_for()
    page.locator(f'.pipeline-node[data-id="{nodes["x_train"]["id"]}"]').click()
    image = page.locator("img[src^='data:image/png;base64']").first
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") >= 10 * 28


def test_the_statistics_of_tables_and_the_status_of_the_run_are_shown(
    open_page, nodes, server
):
    page = open_page(f"{server}/?sid={nodes['digit_scores']['id']}")
    wait_for(page.get_by_text(re.compile(r"\d\s*bytes")).first)  # N/A until loaded
    text = " ".join(page.locator(".pipeline-metadata").first.inner_text().split())
    statistics = text.partition("Dataset statistics:")[2]
    assert re.match(r" ?10 ?rows ?5 ?columns ?\d+ ?bytes ?file size", statistics)
    events = json.load(urlopen(f"{server}/api/run-status", timeout=60))
    assert events["pipeline"]["status"] == "success"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_caption_of_a_chart_is_readable_and_complete(
    open_page, nodes, server, theme
):
    node = nodes["training_curves"]["id"]  # has the longest caption
    page = open_page(f"{server}/?sid={node}", theme)
    title = page.locator(".gtitle").first
    wait_for(title)
    for part in title.locator("tspan").all():
        text, background = part.evaluate(
            """part => [getComputedStyle(part).fill, getComputedStyle(
                document.querySelector(".main-svg")).backgroundColor]"""
        )
        assert contrast(text, background) >= 4.5
    box, chart = title.bounding_box(), page.locator(".main-svg").first.bounding_box()
    assert box["x"] + box["width"] <= chart["x"] + chart["width"] + 1


def contrast(*colours):
    """The contrast ratio of two CSS colours, by WCAG 2."""
    luminances = []
    for colour in colours:
        channels = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in channels
        ]
        luminances.append(sum(map(operator.mul, (0.2126, 0.7152, 0.0722), linear)))
    darker, lighter = sorted(luminances)
    return (lighter + 0.05) / (darker + 0.05)


def test_metrics_and_history_preview_their_contents(nodes):
    assert "test_accuracy" in nodes["metrics"]["preview"]
    history = nodes["history"]["preview"]
    assert "val_accuracy" in history["columns"]
    assert len(history["data"]) == 1


def test_images_and_reports_have_previews(nodes):
    kinds = {
        "x_train": "ImagePreview",
        "metrics": "JSONPreview",
        "history": "TablePreview",
        "training_curves": "PlotlyPreview",
        "confusion_matrix": "PlotlyPreview",
        "reliability_diagram": "PlotlyPreview",
        "risk_coverage": "PlotlyPreview",
        "mistakes": "ImagePreview",
        "digit_scores": "TablePreview",
        "export_check": "JSONPreview",
    }
    assert {name: nodes[name]["preview_type"] for name in kinds} == kinds
    assert all(nodes[name]["preview"] for name in kinds)


def test_every_function_has_a_description(nodes):
    functions = [node for node in nodes.values() if node["type"] == "task"]
    assert len(functions) > 10
    for node in functions:
        assert node["preview"]["kind"] == "text"
        assert node["preview"]["content"].endswith(".")


def test_each_pipeline_can_be_shown_alone(site):
    names = {
        *("prepare", "train", "evaluate", "detector", "export"),
        *("read", "robustness", "explain", "compare"),
    }
    found = {file.name: file for file in (site / "api" / "pipelines").iterdir()}
    assert names <= found.keys()
    for name in names:
        assert json.loads(found[name].read_text())["nodes"]


def test_the_site_contains_no_path_of_the_machine(site, project):
    files = [file for file in (site / "api").rglob("*") if file.is_file()]
    assert len(files) > 50
    for file in files:
        assert str(project.folder.parent) not in file.read_text()


def test_the_site_shows_metrics_and_the_confusion_matrix(
    open_page, nodes, site_address
):
    page = open_page(f"{site_address}/?expandAllPipelines=true")
    for name, content in (
        ("metrics", "test_accuracy"),
        ("confusion_matrix", "test images are misclassified"),
    ):
        node = page.locator(f'.pipeline-node[data-id="{nodes[name]["id"]}"]')
        node.dispatch_event("click")
        page.get_by_text(content).first.wait_for()
    cells = page.locator(".heatmaplayer text, .heatmap text, text.heatmap-label")
    assert cells.count() > 5
