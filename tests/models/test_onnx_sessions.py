import ast
import json
import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from PIL import Image
from small_model import MODEL_VERSION, write_model

NO_LOOKUPS = ROOT / "tests" / "no_lookups.py"


def python_sources():
    """Yield path and code of the project's modules, benchmarks and notebooks."""
    for folder in ("src", "benchmarks", "docs"):
        for path in (ROOT / folder).rglob("*.py"):
            yield path, path.read_text()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                lines = [line for line in cell["source"] if line[:1] not in "%!"]
                yield path, "".join(lines)


def imported(code):
    """Yield the modules that the code imports when it runs, not for type hints."""
    nodes = [ast.parse(code)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            nodes += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        nodes += ast.iter_child_nodes(node)


def test_only_one_module_imports_onnx_runtime():
    importing = {
        path.relative_to(ROOT).as_posix()
        for path, code in python_sources()
        for name in imported(code)
        if name.partition(".")[0] == "onnxruntime"
    }
    assert importing == {"src/digit_recognition/models/onnx_sessions.py"}


def watched(home, *command, cwd=ROOT):
    """Run Python without name look-ups; all places for a user's files are in home."""
    return subprocess.run(
        [sys.executable, str(NO_LOOKUPS), *command],
        cwd=cwd,
        env={
            **{"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            **{"HOME": str(home), "XDG_CACHE_HOME": str(home), "TMPDIR": str(home)},
            **{"PYTHONPATH": f"{cwd / 'src'}", "ORT_DISABLE_TELEMETRY": "0"},
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


linux = pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux'")


@linux
@pytest.mark.runs
def test_reading_looks_up_no_name_and_writes_only_into_the_project(
    project, tmp_path, digits
):
    home = tmp_path / "home"
    home.mkdir()
    model = project.folder / "data/06_models/model.onnx" / MODEL_VERSION / "model.onnx"
    model.parent.mkdir(parents=True)
    write_model(model, digits)
    pictures = project.folder / "data/01_raw/pictures"
    pictures.mkdir(parents=True)
    Image.fromarray(255 - digits["x_train"][0]).save(pictures / "one.png")
    done = watched(home, *("kedro", "run", "--pipelines", "read"), cwd=project.folder)
    assert done.returncode == 0, done.stderr
    assert "1 picture: 1 number read" in done.stdout
    assert list(home.rglob("*")) == []


@linux
@pytest.mark.runs
def test_the_watch_notices_a_name_look_up(tmp_path):
    code = "import socket; socket.getaddrinfo('digits.invalid', 80)"
    done = watched(tmp_path, *("timeit", "-n", "1", "-r", "1", code))
    assert done.returncode == -signal.SIGSYS
