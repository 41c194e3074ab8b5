import ast
import json

from conftest import ROOT


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
