"""Nodes that compare the metrics of all runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.io import DatasetError

from digit_recognition.errors import ProjectError
from digit_recognition.plotting.style import BLUE, BROWN, RED, finish_chart

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = Any  # Kedro resolves the nodes' type hints at run time

logger = logging.getLogger(__name__)

METRICS_KEYS = {
    "recipe": "recipe",
    "seed": "seed",
    "dataset": "dataset",
    "dataset_digest": "dataset_digest",
    "trained_on": "trained_on",
    "images": "test_images",
    "accuracy": "test_accuracy",
    "accuracy_low": "accuracy_low",
    "accuracy_high": "accuracy_high",
    "loss": "test_loss",
    "seconds": "fit_seconds",
    "processor": "processor",
    "code_revision": "code_revision",
    "model_version": "model_version",
}
"""Maps each column of the table of runs to a key in ``metrics``, the results of a
run."""

VERSION_FORMAT = "%Y-%m-%dT%H.%M.%S.%fZ"
MAX_DATASETS = 8
"""Maximum number of datasets in the chart of runs."""

COLOURS = (BLUE, BROWN, "#009E73", "#CC79A7", RED, "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


def tabulate_runs(all_metrics: dict[str, Callable[[], dict[str, Any]]]) -> pd.DataFrame:
    """Return a table with a row for each version of ``metrics``, the newest first.

    ``metrics`` is the catalog entry with the results of a run. ``all_metrics`` maps
    each saved version to a function that loads that version.

    Columns: version, recipe, seed, dataset, dataset_digest, trained_on (the training
    dataset), images, accuracy (0..1), accuracy_low and accuracy_high (the bounds of the
    accuracy's 95 % interval), loss (nats), seconds (training time), processor,
    code_revision and model_version. Values that an older version lacks are left empty.

    Damaged and unreadable versions are left out, and a warning is logged. Raises
    ProjectError if no version is readable.
    """
    rows, unreadable = [], []
    for version in sorted(all_metrics, reverse=True):
        try:
            metrics = all_metrics[version]()
            row = {column: metrics.get(key) for column, key in METRICS_KEYS.items()}
        except (DatasetError, AttributeError):
            unreadable.append(version)
        else:
            rows.append({"version": version, **row})
    if not rows:
        raise ProjectError(
            f"expected readable metrics, received {len(unreadable)} unreadable "
            "versions; create new metrics with `kedro run`"
        )
    if unreadable:
        logger.warning(
            "Left out because they are damaged or cannot be read: metrics of %s",
            ", ".join(unreadable),
        )
    return pd.DataFrame(rows)


def draw_runs(runs: pd.DataFrame) -> Figure:
    """Draw accuracy over time: a panel for each dataset, a line for each recipe.

    ``runs`` is the table that ``tabulate_runs`` returns. Runs without an accuracy are
    left out. Only the eight datasets with the newest runs are drawn.
    """
    from plotly.subplots import make_subplots

    runs = runs.assign(
        when=pd.to_datetime(runs["version"], format=VERSION_FORMAT, errors="coerce"),
        data=_dataset_label(runs),
        recipe=_text(runs["recipe"]),
    ).dropna(subset=["when", "accuracy"])
    shown = list(runs["data"].unique()[:MAX_DATASETS])
    recipes = sorted(runs["recipe"].unique())
    figure = make_subplots(
        rows=max(1, len(shown)),
        shared_xaxes=True,
        vertical_spacing=0.35 / max(1, len(shown)),
        subplot_titles=shown,
    )
    in_legend = set()
    for panel, data in enumerate(shown, 1):
        for recipe, group in runs[runs["data"] == data].groupby("recipe"):
            number = recipes.index(recipe)
            figure.add_scatter(
                **_line(group.sort_values("when")),
                name=recipe,
                legendgroup=recipe,
                showlegend=recipe not in in_legend,
                line={"color": COLOURS[number % len(COLOURS)], "width": 1},
                marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 8},
                row=panel,
                col=1,
            )
            in_legend.add(recipe)
        figure.update_yaxes(title="accuracy, %", row=panel)
    figure.update_xaxes(title="run (UTC)", row=len(shown))
    figure.update_layout(
        height=180 + 260 * max(1, len(shown)), legend={"title": "recipe"}
    )
    figure.update_annotations(font={"size": 12})
    count = runs["data"].nunique()
    which = f"the {MAX_DATASETS} newest of {count} " if count > MAX_DATASETS else ""
    return finish_chart(
        figure,
        f"Accuracy of {len(runs):,} runs, with 95 % intervals",
        f"{which}datasets, labelled with name and start of digest",
    )


def _dataset_label(runs: pd.DataFrame) -> pd.Series:
    """Return a label for each run: name and start of the digest of its test dataset.

    If the training dataset has another name, the label contains this name, too.
    """
    label = _text(runs["dataset"]) + " " + _text(runs["dataset_digest"]).str[:8]
    differs = runs["trained_on"].notna() & (runs["trained_on"] != runs["dataset"])
    return label.mask(differs, label + ", trained on " + _text(runs["trained_on"]))


def _text(values: pd.Series) -> pd.Series:
    """Convert values to text; missing values become "?"."""
    return values.astype(object).where(values.notna(), "?").astype(str)


def _line(runs: pd.DataFrame) -> dict[str, Any]:
    accuracy = 100 * runs["accuracy"]
    hover = [
        [_format(seed, "d"), _format(seconds, ".0f"), _format(loss, ".4f")]
        for seed, seconds, loss in runs[["seed", "seconds", "loss"]].to_numpy(object)
    ]
    return {
        "x": runs["when"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist(),
        "y": accuracy.tolist(),
        "error_y": {
            "array": (100 * runs["accuracy_high"] - accuracy).tolist(),
            "arrayminus": (accuracy - 100 * runs["accuracy_low"]).tolist(),
            "thickness": 1,
            "width": 2,
        },
        "mode": "lines+markers",
        "customdata": hover,
        "hovertemplate": "%{x}<br>accuracy %{y:.2f} %, loss %{customdata[2]}<br>"
        "seed %{customdata[0]}, trained in %{customdata[1]} s",
    }


def _format(value: Any, spec: str) -> str:
    if pd.isna(value):
        return "?"
    return format(int(value) if spec == "d" else value, spec)
