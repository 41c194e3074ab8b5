"""The report of the model in use: metrics, pictures, recipe and origin."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from digit_recognition.datasets.manifests import Manifests

logger = logging.getLogger(__name__)

REPORTING = Path("data", "08_reporting")

PICTURES = {
    "mistakes": "Test images that the model got wrong",
    "journey": "The way of one image through the network",
    "attention": "The pixels that speak for each digit",
    "filters": "The filters of the first convolution",
    "robustness_chart": "Accuracy on corrupted images",
    "corruptions": "The corruptions, from weak to strong",
}
CHARTS = {
    "training_curves": "Loss and accuracy while training",
    "confusion_matrix": "Which digits were taken for which",
    "reliability_diagram": "How far the confidence can be trusted",
    "risk_coverage": "Errors among accepted digits",
}


@dataclass(frozen=True)
class Report:
    """Facts about the model in use. A field is empty if its files do not exist yet.

    ``metrics`` and ``training`` are the contents of this model's metrics.json and
    training.json. ``pictures`` maps titles to PNG files. ``charts`` maps titles to
    Plotly JSON files. Pictures and charts are the newest ones, which may belong to
    another model.
    """

    metadata: dict[str, str]
    model_path: Path
    metrics: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, Path] = field(default_factory=dict)
    charts: dict[str, Path] = field(default_factory=dict)


def load_report(project: Path, metadata: dict[str, str], model_path: Path) -> Report:
    """Return the report of an exported model.

    ``project`` is the project's top folder. ``metadata`` is the metadata of the ONNX
    model, and ``model_path`` is its file. The model's metrics are found by
    ``metadata["model_digest"]``, and its training.json by
    ``metadata["model_version"]``.
    """
    folder = project / REPORTING
    manifests = Manifests(project)
    return Report(
        metadata,
        model_path,
        _newest_of_model(folder / "metrics.json", metadata, manifests),
        _load(folder / "training.json", metadata["model_version"], manifests),
        {
            title: path
            for name, title in PICTURES.items()
            if (path := newest_file(folder / f"{name}.png"))
        },
        {
            title: path
            for name, title in CHARTS.items()
            if (path := newest_file(folder / f"{name}.json"))
        },
    )


def newest_file(dataset: Path) -> Path | None:
    """Return the newest file of a versioned dataset, or None if it has no versions."""
    files = sorted(dataset.glob(f"*/{dataset.name}"))
    return files[-1] if files else None


def _newest_of_model(
    dataset: Path, metadata: dict[str, str], manifests: Manifests
) -> dict[str, Any]:
    """Return the newest metrics of this model, or an empty dictionary if none exist."""
    for file in sorted(dataset.glob(f"*/{dataset.name}"), reverse=True):
        metrics = _read_json(file, manifests)
        if metrics.get("model_digest") == metadata.get("model_digest", ""):
            return metrics
    return {}


def _load(dataset: Path, version: str, manifests: Manifests) -> dict[str, Any]:
    file = dataset / version / dataset.name
    return _read_json(file, manifests) if file.is_file() else {}


def _read_json(file: Path, manifests: Manifests) -> dict[str, Any]:
    """Return the JSON object in the file as a dictionary.

    The dictionary is empty if the file contains no JSON object, is damaged or cannot be
    read. If the file's digest does not match the saved digest, a warning is logged.
    """
    try:
        manifests.require_undamaged(file.stem, file.parent)
    except DatasetError as error:
        logger.warning("%s", error)
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
