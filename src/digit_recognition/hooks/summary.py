"""Print the last lines of a run: its results, their paths and commands to run next."""

from __future__ import annotations

import logging
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.datasets.atomic_catalog import is_local_version, saved_path

from .newest_table import newest_table
from .result_sentences import DESCRIBED, describe_results

READ = "kedro run --pipelines read --params pictures=FOLDER", "read your pictures"
VIZ = "kedro viz run", "see pipelines and reports"
EVALUATE = "kedro run --pipelines evaluate", "measure the accuracy on the test images"
ROBUSTNESS = "kedro run --pipelines robustness", "measure it on corrupted images"
EXPLAIN = "kedro run --pipelines explain", "see what each layer computes"
COMPARE = "kedro run --pipelines compare", "compare the metrics of all runs"
EXPORT = "kedro run --pipelines detector,export", "make the model that reads pictures"
TRAIN = "kedro run --pipelines train", "train a network on the arrays"
TRAIN_ONE = "kedro run --params recipe=NAME", "train and export one recipe"
SWEEP = "kedro run --pipelines sweep", "train recipes with several seeds"

NEXT_STEPS = {
    "read": (EXPLAIN, VIZ),
    "export": (READ, VIZ),
    "evaluate": (ROBUSTNESS, COMPARE),
    "robustness": (EXPLAIN, COMPARE),
    "explain": (READ, VIZ),
    "compare": (ROBUSTNESS, VIZ),
    "sweep": (TRAIN_ONE, VIZ),
    "search": (SWEEP, VIZ),
    "detector": (EXPORT, EVALUATE),
    "train": (EVALUATE, EXPORT),
    "prepare": (TRAIN, VIZ),
}
"""Two commands to suggest after each pipeline. If several pipelines have run, the one
that comes first in this dictionary decides."""

RESULTS = {
    "readings": "table",
    "annotated_pictures": "pictures",
    "metrics": "metrics",
    "mistakes": "mistakes",
    "robustness": "table",
    "robustness_chart": "chart",
    "journey": "journey",
    "attention": "attention",
    "runs": "table",
    "sweep": "table",
    "sweep_chart": "chart",
    "search": "table",
    "importances": "chart",
    "model": "model",
    "model_onnx": "ONNX",
}
"""The datasets that a user may want to open, with their labels in the summary. The
summary lists those that the run saved."""


class SummaryHooks:
    """Print the results of a run, their paths, and two commands to run next."""

    def __init__(self) -> None:
        self._saved: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget what was saved by an earlier run in this process."""
        self._saved = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Remember the data that the summary at the end of the run describes."""
        if dataset_name in DESCRIBED:
            self._saved[dataset_name] = data

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the results, their paths and the next commands."""
        lines = ["", *map(_wrap, describe_results(self._saved))]
        paths = dict(_find_results(pipeline, catalog))
        width = max(map(len, [*paths, "log"]))
        if log := _log_file():
            paths["log"] = _shorten(log)
        lines += [f"  {label:<{width}}  {path}" for label, path in paths.items()]
        stages = {node.namespace for node in pipeline.nodes}
        steps = next((NEXT_STEPS[name] for name in NEXT_STEPS if name in stages), ())
        if steps:
            commands = {_typed(command): purpose for command, purpose in steps}
            width = max(map(len, commands))
            lines.append("Next:")
            lines += [f"  {text:<{width}}  {why}" for text, why in commands.items()]
        print("\n".join(lines), flush=True)


def _find_results(
    pipeline: Pipeline, catalog: DataCatalog
) -> Iterator[tuple[str, str]]:
    """Yield the label and the path of each result that the run saved."""
    outputs = pipeline.all_outputs()
    for name, label in RESULTS.items():
        dataset = catalog.get(name) if name in outputs else None
        if not is_local_version(dataset):
            continue
        path = saved_path(dataset)
        if name == "readings":
            path = newest_table(path)
        if path.exists():
            yield label, _shorten(path)


def _log_file() -> Path | None:
    """Return the log file that Kedro writes to, or None if there is none."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            path = Path(handler.baseFilename)
            return path if path.is_file() else None
    return None


def _wrap(text: str) -> str:
    """Wrap the text to the width of the terminal, if stdout is a terminal."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())


def _shorten(path: Path) -> str:
    """Return the path as text. A path inside the current folder becomes relative."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _typed(command: str) -> str:
    """Return the command as the user has to type it.

    If the program ``kedro`` is not on PATH, its name is replaced by its path.
    """
    if shutil.which("kedro"):
        return command
    program = _shorten(Path(sys.executable).with_name("kedro"))
    return command.replace("kedro", program, 1)
