"""Kedro-Viz as a person sees it, in a headless Chromium."""

import json
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from conftest import Project
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


@pytest.fixture(scope="module")
def server(tmp_path_factory, digits):
    """The address of a Kedro-Viz that shows a project after one run."""
    project = Project(tmp_path_factory.mktemp("viz") / "project")
    project.put(digits)
    detector = "export.detector.pictures=2000,export.detector.epochs=1"
    done = project.kedro(
        "run", "--params", f"train.recipes.standard.epochs=1,{detector}"
    )
    assert done.returncode == 0, done.stderr
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


@pytest.mark.parametrize("pipeline", ["prepare", "train", "evaluate", "export", "read"])
def test_each_pipeline_can_be_looked_at_alone(server, pipeline):
    with urlopen(f"{server}/api/pipelines/{pipeline}", timeout=30) as answer:
        assert json.load(answer)["nodes"]
