"""What came out of a run, where it is, and what to do next: its last lines."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.datasets.atomic_catalog import is_local_version, saved_path
from digit_recognition.datasets.mnist_dataset import MNIST, SAMPLE
from digit_recognition.hooks.newest_table import newest_table

LOG = Path("kedro.log")

READ = "kedro run --pipelines read --params pictures=FOLDER", "read your pictures"
VIZ = "kedro viz run", "see pipelines and reports"
EVALUATE = "kedro run --pipelines evaluate", "measure the accuracy on the test images"
ROBUSTNESS = "kedro run --pipelines robustness", "measure it on corrupted images"
EXPLAIN = "kedro run --pipelines explain", "see what each layer computes"
COMPARE = "kedro run --pipelines compare", "compare the metrics of all runs"
EXPORT = "kedro run --pipelines detector,export", "make the model that reads pictures"
TRAIN = "kedro run --pipelines train", "train a network on the arrays"

NEXT_STEPS = {
    "read": (EXPLAIN, VIZ),
    "export": (READ, VIZ),
    "evaluate": (ROBUSTNESS, COMPARE),
    "robustness": (EXPLAIN, COMPARE),
    "explain": (READ, VIZ),
    "compare": (ROBUSTNESS, VIZ),
    "detector": (EXPORT, EVALUATE),
    "train": (EVALUATE, EXPORT),
    "prepare": (TRAIN, VIZ),
}
"""Two commands after each pipeline; the first pipeline here that has run decides."""

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
    "model": "model",
    "model_onnx": "ONNX",
}
"""The results worth opening, with a label; those that the run saved are listed."""


class SummaryHooks:
    """Print what came out of a run, where it is, and two commands that may follow."""

    def __init__(self) -> None:
        self._saved: dict[str, Any] = {}

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget what an earlier run in this process saved."""
        self._saved = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep the results that the summary describes."""
        if dataset_name in SENTENCES or dataset_name in ("history", "reading_summary"):
            self._saved[dataset_name] = data

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Print the summary."""
        lines = ["", *map(_wrap, _describe_results(self._saved))]
        paths = dict(_find_results(pipeline, catalog))
        width = max(map(len, [*paths, "log"]))
        if LOG.is_file():
            paths["log"] = str(LOG)
        lines += [f"  {label:<{width}}  {path}" for label, path in paths.items()]
        stages = {node.namespace for node in pipeline.nodes}
        steps = next((NEXT_STEPS[name] for name in NEXT_STEPS if name in stages), ())
        if steps:
            commands = {_typed(command): purpose for command, purpose in steps}
            width = max(map(len, commands))
            lines.append("Next:")
            lines += [f"  {text:<{width}}  {why}" for text, why in commands.items()]
        print("\n".join(lines), flush=True)


def _describe_results(saved: dict[str, Any]) -> list[str]:
    """Return a sentence for each main result, or else for the first result there is."""
    sentences = {name: SENTENCES[name](saved) for name in SENTENCES if name in saved}
    main = [text for name, text in sentences.items() if name in MAIN_RESULTS]
    return main or list(sentences.values())[:1]


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


def _wrap(text: str) -> str:
    """Wrap the text to the width of the terminal, if there is one."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())


def _shorten(path: Path) -> str:
    """Return the path relative to the current folder, if it lies below it."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _typed(command: str) -> str:
    """Return the command as it must be typed where no environment is activated."""
    if shutil.which("kedro"):
        return command
    program = _shorten(Path(sys.executable).with_name("kedro"))
    return command.replace("kedro", program, 1)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _dataset(name: str) -> str:
    return {MNIST: "MNIST", SAMPLE: "the 5,000-image sample"}.get(name, f"{name} data")


def _describe_metrics(saved: dict[str, Any]) -> str:
    metrics = saved["metrics"]
    low, high = _percent(metrics["accuracy_low"]), _percent(metrics["accuracy_high"])
    images = _count(metrics["test_images"], "test image")
    return (
        f"Test accuracy {_percent(metrics['test_accuracy'])}, 95 % interval {low} to "
        f"{high}, on the {images} of {_dataset(metrics['dataset'])}."
    )


def _describe_robustness(saved: dict[str, Any]) -> str:
    summary = saved["robustness_summary"]
    parts = {
        "clean images": summary["accuracy_clean"],
        "MNIST-C's fifteen corruptions": summary["accuracy_mnist_c"],
        "other corruptions": summary["accuracy_others"],
        f"the worst ({summary['worst_family']})": summary["worst_accuracy"],
    }
    known = [f"{_percent(x)} on {name}" for name, x in parts.items() if x is not None]
    return f"Accuracy {', '.join(known)}."


def _describe_readings(saved: dict[str, Any]) -> str:
    readings, summary = saved["readings"], saved["reading_summary"]
    numbers = int((readings["number"] != "").sum())
    accepted = int((readings["accepted"] == "true").sum())
    skipped = summary["files_skipped"]
    model = ""
    if summary["dataset"] == SAMPLE:
        model = "; the model was trained on the 5,000-image sample, not on MNIST"
    return (
        f"{_count(summary['pictures'], 'picture')}: {_count(numbers, 'number')} read, "
        f"{accepted:,} accepted, {numbers - accepted:,} set aside for a person; "
        f"{_count(summary['not_readable'], 'picture')} not readable"
        + (f"; {_count(skipped, 'other file')} skipped" if skipped else "")
        + f".\n{_describe_error_rate(summary)}{model}."
    )


def _describe_error_rate(summary: dict[str, Any]) -> str:
    requested, possible = summary["max_error"], summary["certain_max_error"]
    if summary["certain"]:
        return (
            f"At most {requested:g} of the accepted digits are wrong, with "
            f"{100 * summary['certainty']:g} % certainty, if they are like MNIST's"
        )
    if possible is None:
        return (
            f"This model's validation part guarantees neither max_error {requested:g} "
            "nor any other: digits are accepted above its most confident error"
        )
    return (
        f"This model's validation part cannot guarantee max_error {requested:g}: the "
        f"smallest possible, {possible:g}, is used, for digits like MNIST's"
    )


def _describe_runs(saved: dict[str, Any]) -> str:
    return f"The metrics of {_count(len(saved['runs']), 'run')}, in one table."


def _describe_shapes(saved: dict[str, Any]) -> str:
    return f"One image, drawn layer by layer through {len(saved['shapes'])} layers."


def _describe_export(saved: dict[str, Any]) -> str:
    check = saved["export_check"]
    return (
        "The ONNX model gives the same digits as Keras on "
        f"{_count(check['test_images'], 'test image')}."
    )


def _describe_training(saved: dict[str, Any]) -> str:
    training, history = saved["training"], saved["history"]
    accuracy = _percent(history["val_accuracy"].iloc[-1])
    return (
        f"Recipe {training['recipe']}, seed {training['seed']}: validation accuracy "
        f"{accuracy} after {_count(training['epochs'], 'epoch')}."
    )


def _describe_detector(saved: dict[str, Any]) -> str:
    pictures = _count(saved["detector_training"]["pictures"], "picture")
    return f"The detector is trained on {pictures}."


def _describe_dataset(saved: dict[str, Any]) -> str:
    info = saved["dataset_info"]
    return (
        f"{_count(info['train_images'], 'training image')} and "
        f"{_count(info['test_images'], 'test image')} of {_dataset(info['dataset'])}."
    )


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "metrics": _describe_metrics,
    "robustness_summary": _describe_robustness,
    "readings": _describe_readings,
    "runs": _describe_runs,
    "shapes": _describe_shapes,
    "export_check": _describe_export,
    "training": _describe_training,
    "detector_training": _describe_detector,
    "dataset_info": _describe_dataset,
}

MAIN_RESULTS = ("metrics", "robustness_summary", "readings", "runs", "shapes")
