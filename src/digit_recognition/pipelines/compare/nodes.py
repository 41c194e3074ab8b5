"""Nodes that lay the metrics of all runs side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.io import DatasetError

from digit_recognition.errors import ProjectError
from digit_recognition.plotting.style import BLUE, BROWN, GREY, RED, finish_chart

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = Any  # Kedro resolves the nodes' type hints

COLUMNS = {
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
"""What a column is called in ``metrics``."""

VERSION = "%Y-%m-%dT%H.%M.%S.%fZ"
MOST = 8
"""Datasets that the chart has room for."""

COLOURS = (BLUE, BROWN, "#009E73", "#CC79A7", RED, "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


def tabulate_runs(all_metrics: dict[str, Callable[[], dict[str, Any]]]) -> pd.DataFrame:
    """A row for each version of ``metrics``, the newest first.

    ``all_metrics`` gives by version a function that reads it. The columns are version,
    recipe, seed, dataset with its digest, trained_on, images, accuracy with the borders
    of its 95 % interval (0..1), loss in nats, seconds of fitting, processor,
    code_revision and model_version; what an old version does not tell is empty.
    Versions that cannot be read are left out and named in print; ProjectError where
    none can.
    """
    rows, unreadable = [], []
    for version in sorted(all_metrics, reverse=True):
        try:
            metrics = all_metrics[version]()
            row = {column: metrics.get(key) for column, key in COLUMNS.items()}
        except (DatasetError, AttributeError):
            unreadable.append(version)
        else:
            rows.append({"version": version, **row})
    if not rows:
        raise ProjectError(
            f"expected metrics that can be read, received {len(unreadable)} that "
            "cannot; make new ones with `kedro run`"
        )
    if unreadable:
        print(
            f"Left out, as they cannot be read: metrics of {', '.join(unreadable)}",
            flush=True,
        )
    return pd.DataFrame(rows)


def draw_runs(runs: pd.DataFrame) -> Figure:
    """Accuracy over time, a chart for each dataset and in it a line for each recipe.

    Of more than eight datasets, those with the newest runs.
    """
    from plotly.subplots import make_subplots

    runs = runs.assign(
        when=pd.to_datetime(runs["version"], format=VERSION, errors="coerce"),
        data=_data(runs),
        recipe=_text(runs["recipe"]),
    ).dropna(subset=["when", "accuracy"])
    shown = list(runs["data"].unique()[:MOST])
    recipes = sorted(runs["recipe"].unique())
    figure = make_subplots(
        rows=max(1, len(shown)),
        shared_xaxes=True,
        vertical_spacing=0.35 / max(1, len(shown)),
        subplot_titles=shown,
    )
    named = set()
    for place, data in enumerate(shown, 1):
        for recipe, some in runs[runs["data"] == data].groupby("recipe"):
            number = recipes.index(recipe)
            figure.add_scatter(
                **_line(some.sort_values("when")),
                name=recipe,
                legendgroup=recipe,
                showlegend=recipe not in named,
                line={"color": COLOURS[number % len(COLOURS)], "width": 1},
                marker={"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 8},
                row=place,
                col=1,
            )
            named.add(recipe)
        figure.update_yaxes(title="accuracy, %", row=place)
    figure.update_xaxes(title="run (UTC)", row=len(shown))
    figure.update_layout(
        height=180 + 260 * max(1, len(shown)), legend={"title": "recipe"}
    )
    figure.update_annotations(font={"size": 12, "color": GREY})
    count = runs["data"].nunique()
    some = f"the newest {MOST} of {count} datasets, " if count > MOST else ""
    return finish_chart(
        figure,
        f"Accuracy of {len(runs):,} runs, with 95 % intervals",
        f"{some}each dataset by its name and the start of its digest",
    )


def _data(runs: pd.DataFrame) -> pd.Series:
    """On what a model was judged, and on what it was trained where that is other."""
    data = _text(runs["dataset"]) + " " + _text(runs["dataset_digest"]).str[:8]
    other = runs["trained_on"].notna() & (runs["trained_on"] != runs["dataset"])
    return data.mask(other, data + ", trained on " + _text(runs["trained_on"]))


def _text(values: pd.Series) -> pd.Series:
    """The values as text, "?" where an old version does not tell."""
    return values.astype(object).where(values.notna(), "?").astype(str)


def _line(runs: pd.DataFrame) -> dict[str, Any]:
    accuracy = 100 * runs["accuracy"]
    told = [
        [_told(seed, "d"), _told(seconds, ".0f"), _told(loss, ".4f")]
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
        "customdata": told,
        "hovertemplate": "%{x}<br>accuracy %{y:.2f} %, loss %{customdata[2]}<br>"
        "seed %{customdata[0]}, fitted in %{customdata[1]} s",
    }


def _told(value: Any, text: str) -> str:
    if pd.isna(value):
        return "?"
    return format(int(value) if text == "d" else value, text)
