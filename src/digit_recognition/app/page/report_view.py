"""The report of the model as HTML: key metrics, origin and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from ..reading.report import Report
from .markup import data_url

NO_METRICS = (
    "<p>No metrics of this model were found. <code>kedro run --pipelines evaluate"
    "</code> measures them.</p>"
)

ORIGIN = {
    "recipe": "Recipe",
    "seed": "Seed",
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "precision": "Precision",
    "train_images": "Images to train on",
    "validation_images": "Images to validate on",
    "dataset": "Dataset",
    "dataset_digest": "Digest of the dataset",
    "model_version": "Version of the model",
    "model_digest": "Digest of the model",
    "code_revision": "Revision of the code",
    "processor": "Processor",
    "python_version": "Python",
    "tensorflow_version": "TensorFlow",
    "keras_version": "Keras",
    "kedro_version": "Kedro",
}
"""Maps the name of each fact about the model's origin to its label on the page."""

DIGEST_LENGTH, SHOWN_OF_DIGEST = 40, 12


def show_report(report: Report) -> str:
    """Return HTML with the key metrics and the origin of the model."""
    known = {**report.metadata, **report.training, **report.metrics}
    figures = "".join(
        f'<div class="tile"><dt>{label}</dt><dd>{value}<small>{note}</small></dd></div>'
        for label, value, note in _figures(report.metrics)
    )
    origin = "".join(
        f"<div><dt>{label}</dt><dd>{escape(_text(known[name]))}</dd></div>"
        for name, label in ORIGIN.items()
        if known.get(name, "") != ""
    )
    return (
        f'<dl class="tiles">{figures}</dl>' if figures else NO_METRICS
    ) + f'<h3>Where the model comes from</h3><dl class="origin">{origin}</dl>'


def show_pictures(pictures: dict[str, Path]) -> str:
    """Return HTML with the pictures and their titles.

    ``pictures`` maps titles to PNG files. Files that cannot be read are left out.
    """
    return "".join(
        f'<figure class="report"><figcaption>{escape(title)}</figcaption>'
        f'<img src="{data_url(data, "image/png")}" alt="{escape(title)}"></figure>'
        for title, path in pictures.items()
        for data in _read(path)
    )


def _figures(metrics: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the label, value and note of each key metric that ``metrics`` contains."""
    if "test_accuracy" in metrics:
        note = ""
        if "test_errors" in metrics and "test_images" in metrics:
            note = f"{metrics['test_errors']} of {metrics['test_images']:,} wrong"
        yield "Test accuracy", f"{metrics['test_accuracy']:.2%}", note
    if "accuracy_low" in metrics and "accuracy_high" in metrics:
        low, high = metrics["accuracy_low"], metrics["accuracy_high"]
        yield "95% interval", f"{low:.2%} to {high:.2%}", "of the test accuracy"
    if "coverage_at_1e-3_error" in metrics:
        share = f"{metrics['coverage_at_1e-3_error']:.1%}"
        yield "Accepted", share, "at 1 error in 1,000 accepted digits"
    if "ece_calibrated" in metrics:
        gap = f"{metrics['ece_calibrated']:.2%}"
        yield "Calibration error", gap, "mean gap between confidence and accuracy"


def _text(value: Any) -> str:
    """Return a value as text, shortened if it has DIGEST_LENGTH characters or more."""
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{text[:SHOWN_OF_DIGEST]} …" if len(text) >= DIGEST_LENGTH else text


def _read(path: Path) -> Iterator[bytes]:
    try:
        yield path.read_bytes()
    except OSError:  # the file has just been removed
        return
