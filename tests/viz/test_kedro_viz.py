"""Kedro-Viz as a person sees it, in a headless Chromium."""

import functools
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


pytestmark = pytest.mark.runs


@pytest.fixture(scope="module")
def project(trained, tmp_path_factory):
    """A project after one run."""
    return trained.copy_to(tmp_path_factory.mktemp("viz") / "project")


@pytest.fixture(scope="module")
def server(project):
    """The address of a Kedro-Viz that shows the project."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kedro", "viz", "run", "--no-browser"]
    with (project.folder / "viz.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=project.folder,
            stdout=log,
            stderr=log,
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
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def nodes(server):
    with urlopen(f"{server}/api/main", timeout=30) as answer:
        return {node["name"]: node for node in json.load(answer)["nodes"]}


def metadata(server, node):
    with urlopen(f"{server}/api/nodes/{node['id']}", timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is not on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def test_the_page_shows_the_nodes_the_layers_and_the_digits(server, nodes, browser):
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{server}/?expandAllPipelines=true")
    for name in ("train_model", "load_mnist", "score_predictions", "metrics"):
        page.locator(f'.pipeline-node[data-id="{nodes[name]["id"]}"]').wait_for()
    layers = page.locator(".pipeline-layer-name").all_text_contents()
    assert set(layers) == {
        *("raw", "model_input", "models", "model_output", "reporting")
    }
    page.locator(f'.pipeline-node[data-id="{nodes["x_train"]["id"]}"]').click()
    image = page.locator("img[src^='data:image/png;base64']").first
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") >= 10 * 28


def test_metrics_and_history_preview_their_contents(server, nodes):
    metrics = metadata(server, nodes["metrics"])
    assert metrics["preview_type"] == "JSONPreview"
    assert "test_accuracy" in metrics["preview"]
    history = metadata(server, nodes["history"])
    assert history["preview_type"] == "TablePreview"
    assert "val_accuracy" in history["preview"]["columns"]
    assert len(history["preview"]["data"]) == 1


def test_the_training_images_preview_as_a_picture(server, nodes):
    assert metadata(server, nodes["x_train"])["preview_type"] == "ImagePreview"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("training_curves", "PlotlyPreview"),
        ("confusion_matrix", "PlotlyPreview"),
        ("reliability_diagram", "PlotlyPreview"),
        ("risk_coverage", "PlotlyPreview"),
        ("mistakes", "ImagePreview"),
        ("digit_scores", "TablePreview"),
        ("export_check", "JSONPreview"),
    ],
)
def test_every_report_has_a_preview(server, nodes, name, kind):
    found = metadata(server, nodes[name])
    assert found["preview_type"] == kind
    assert found["preview"]


def test_every_node_is_described(server, nodes):
    for node in nodes.values():
        if node["type"] == "task":
            preview = metadata(server, node)["preview"]
            assert preview["kind"] == "text"
            assert preview["content"].endswith(".")


@pytest.mark.parametrize(
    "pipeline",
    [
        *("prepare", "train", "evaluate", "export"),
        *("read", "robustness", "explain", "compare"),
    ],
)
def test_each_pipeline_can_be_looked_at_alone(server, pipeline):
    with urlopen(f"{server}/api/pipelines/{pipeline}", timeout=30) as answer:
        assert json.load(answer)["nodes"]


@pytest.fixture(scope="module")
def site(project):
    """The folder of the static site, and an address below which it is served."""
    done = subprocess.run(
        [sys.executable, "-m", "digit_recognition.viz.static_site"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=project.folder
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield project.folder / "site", f"http://127.0.0.1:{server.server_port}/site"
        server.shutdown()


def test_the_site_holds_no_path_of_the_machine(site, project):
    folder, _ = site
    files = [file for file in (folder / "api").rglob("*") if file.is_file()]
    assert len(files) > 50
    for file in files:
        assert str(project.folder.parent) not in file.read_text()


def test_the_site_shows_metrics_and_the_confusion_matrix(site, browser):
    folder, address = site
    listed = json.loads((folder / "api" / "main").read_text())["nodes"]
    ids = {node["name"]: node["id"] for node in listed}
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{address}/?expandAllPipelines=true")
    for name, content in (
        ("metrics", "test_accuracy"),
        ("confusion_matrix", "test images are misclassified"),
    ):
        node = page.locator(f'.pipeline-node[data-id="{ids[name]}"]')
        node.dispatch_event("click")
        page.get_by_text(content).first.wait_for()
    cells = page.locator(".heatmaplayer text, .heatmap text, text.heatmap-label")
    assert cells.count() > 5
