"""The notebooks, from top to bottom on the sample, and what is stored of them."""

import json
import os
import shutil
import socket
import tempfile
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from jupyter_client import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from digit_recognition.datasets.mnist_dataset import load_sample

pytestmark = pytest.mark.runs

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [notebook.stem for notebook in NOTEBOOKS]
FRESH = """%reset -f
get_ipython().extension_manager.loaded.clear()"""
SHORTER_TRAININGS = {
    "epochs, steps = 40,": "epochs, steps = 2,",
    "batched.take(60)": "batched.take(3)",
    "steps = range(1, 61)": "steps = range(1, 4)",
    "steps=200, noise=5": "steps=20, noise=5",
    "range(201)": "range(21)",
}


@pytest.fixture(scope="module")
def project(sample_run, tmp_path_factory):
    """A project after one run on the sample, with the notebooks."""
    project = sample_run.copy_to(tmp_path_factory.mktemp("notebooks") / "project")
    project.put(load_sample())
    shutil.copytree(ROOT / "notebooks", project.folder / "notebooks")
    return project


@pytest.fixture(scope="module")
def kernel(project):
    """A kernel for all notebooks: importing TensorFlow takes as long as a notebook."""
    kernel = KernelManager()
    kernel.start_kernel(
        cwd=str(project.folder / "notebooks"),
        env=os.environ | {"PYTHONPATH": str(project.folder / "src")},
    )
    yield kernel
    kernel.shutdown_kernel(now=True)


def execute(kernel, notebook):
    """Run all cells without the names of earlier notebooks.

    Raises CellExecutionError if a cell fails.
    """
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FRESH))
    client = NotebookClient(notebook, kernel, timeout=600)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
def test_it_runs_from_top_to_bottom_on_the_sample(project, kernel, name):
    notebook = nbformat.read(project.folder / "notebooks" / f"{name}.ipynb", 4)
    for cell in notebook.cells if name == "03_training" else []:
        for long, short in SHORTER_TRAININGS.items():
            cell.source = cell.source.replace(long, short)
    execute(kernel, notebook)


@pytest.mark.filterwarnings("ignore")
def test_a_failing_cell_fails_even_if_kedro_draws_its_traceback(kernel):
    cells = [
        nbformat.v4.new_code_cell(code) for code in ("%load_ext kedro.ipython", "1 / 0")
    ]
    with pytest.raises(CellExecutionError):
        execute(kernel, nbformat.v4.new_notebook(cells=cells))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=NAMES)
def test_it_is_stored_with_its_outputs_and_small(notebook):
    assert notebook.stat().st_size <= 1_000_000
    cells = json.loads(notebook.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    assert counts == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) >= 5
    assert not [o for o in outputs if o["output_type"] == "error"]
    assert not [o for o in outputs if o.get("name") == "stderr"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=NAMES)
def test_it_names_no_machine(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    said = [json.dumps(cell.get("outputs", [])) for cell in cells]
    for text in said:
        for place in (ROOT, Path.home(), tempfile.gettempdir()):
            assert f"{place}/" not in text
        if len(socket.gethostname()) > 5:
            assert socket.gethostname() not in text


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=NAMES)
def test_each_section_ends_with_a_question_and_a_hidden_answer(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    text = "\n".join(
        "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
    )
    sections = text.split("\n## ")[1:]
    assert len(sections) >= 4
    for section in sections:
        assert "<details><summary>" in section, section[:80]
    assert text.count("<details>") == text.count("</details>")
