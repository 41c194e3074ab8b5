"""Nodes that draw charts to hover over: training, errors, confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.plotting.style import (
    BLUE,
    BROWN,
    GREY,
    RED,
    caption,
    finish_chart,
)
from digit_recognition.recognition.calibration import reliability, risk_coverage

from .nodes import LEVELS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = Any  # Kedro resolves the nodes' type hints

PALE = "#e8e8e8"
TINY = 1e-9


def draw_training_curves(
    history: pd.DataFrame, training: dict[str, Any], metrics: dict[str, Any]
) -> Figure:
    """Loss and accuracy of training and validation, epoch by epoch."""
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, horizontal_spacing=0.12)
    changed = ", changed at random" if training.get("augmentation") else ""
    parts = {
        f"training images{changed}": ("", BROWN),
        "validation images": ("val_", BLUE),
    }
    for name, (prefix, colour) in parts.items():
        for column, (key, factor) in enumerate({"loss": 1, "accuracy": 100}.items(), 1):
            figure.add_scatter(
                x=history["epoch"].tolist(),
                y=(factor * history[prefix + key]).tolist(),
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": colour},
                hovertemplate="epoch %{x}: %{y:.4~g}<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(title="epoch", range=[0.5, len(history) + 0.5])
    figure.update_yaxes(title="loss (cross-entropy), nats", rangemode="tozero", col=1)
    figure.update_yaxes(title="accuracy, %", col=2)
    _put_legend(figure, x=0.44, y=0.98)
    record = metrics | {"dataset": metrics["trained_on"]}
    return finish_chart(figure, "How training went", caption(record))


def draw_confusion_matrix(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """How often each digit was read as each; errors in colour, the diagonal grey."""
    from plotly.graph_objects import Figure, Heatmap
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(
        predictions["label"], predictions["predicted"], labels=range(NUM_CLASSES)
    )
    right = np.eye(NUM_CLASSES, dtype=bool)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    digits = [str(digit) for digit in range(NUM_CLASSES)]
    hover = "%{customdata:.2%} of the %{y}s, %{z:,} images: %{y} read as %{x}"

    def cells(shown: np.ndarray, **options: Any) -> Heatmap:
        values = np.where(shown, counts.astype(object), None)
        return Heatmap(
            x=digits,
            y=digits,
            z=values.tolist(),
            customdata=shares.tolist(),
            text=np.where(shown & (counts > 0), counts.astype(str), "").tolist(),
            texttemplate="%{text}",
            hovertemplate=f"{hover}<extra></extra>",
            hoverongaps=False,
            xgap=1,
            ygap=1,
            **options,
        )

    figure = Figure(
        [
            cells(right, colorscale=[PALE, PALE], showscale=False),
            cells(
                ~right,
                colorscale="Oranges",
                zmin=0,
                zmax=max(1, int(counts[~right].max())),
                colorbar={"title": "errors", "tickformat": ",d", "thickness": 12},
            ),
        ]
    )
    figure.update_xaxes(
        title="predicted label", type="category", showgrid=False, constrain="domain"
    )
    figure.update_yaxes(
        title="true label",
        type="category",
        autorange="reversed",
        scaleanchor="x",
        showgrid=False,
    )
    title = (
        f"{metrics['test_errors']:,} of {metrics['test_images']:,} test images are "
        "read wrongly"
    )
    return finish_chart(figure, title, caption(metrics))


def draw_reliability(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Accuracy against confidence, before and after temperature scaling."""
    from plotly.subplots import make_subplots

    correct = (predictions["label"] == predictions["predicted"]).to_numpy()
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.06
    )
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": GREY, "dash": "dot"},
        name="perfectly calibrated",
        hoverinfo="skip",
    )
    scaled = f"scaled by temperature {metrics['temperature']:.2f}"
    for column, name, error, colour, symbol, shift in (
        ("confidence", "as trained", "ece", BROWN, "circle-open", -0.5),
        ("calibrated", scaled, "ece_calibrated", BLUE, "square", 0.5),
    ):
        bins = reliability(predictions[column].to_numpy(), correct)
        mean, accuracy = 100 * bins["confidence"], 100 * bins["accuracy"]
        figure.add_scatter(
            x=mean.tolist(),
            y=accuracy.tolist(),
            error_y={
                "array": (100 * bins["accuracy_high"] - accuracy).tolist(),
                "arrayminus": (accuracy - 100 * bins["accuracy_low"]).tolist(),
                "thickness": 1,
                "width": 3,
            },
            mode="lines+markers",
            line={"color": colour, "width": 1},
            marker={"symbol": symbol, "size": 14 if shift < 0 else 7},
            name=f"{name}: expected calibration error {100 * metrics[error]:.2f} %",
            customdata=bins["images"].tolist(),
            hovertemplate="%{customdata:,} images, %{x:.1f} % sure: %{y:.1f} % right"
            "<extra></extra>",
        )
        figure.add_bar(
            x=(mean + shift).tolist(),
            y=bins["images"].tolist(),
            width=1,
            marker={"color": colour},
            name=name,
            showlegend=False,
            customdata=mean.tolist(),
            hovertemplate="%{y:,} images, %{customdata:.1f} % sure<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_xaxes(range=[0, 101], dtick=10)
    figure.update_xaxes(title="confidence, % (mean of each bin)", row=2, col=1)
    figure.update_yaxes(title="accuracy, % (95 % interval)", range=[0, 102], row=1)
    figure.update_yaxes(title="images", type="log", dtick=1, row=2)
    _put_legend(figure, x=0.98, y=0.56)
    return finish_chart(figure, "Is it right as often as it is sure?", caption(metrics))


def draw_risk_coverage(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """The error among accepted images, against the share that is accepted."""
    from plotly.graph_objects import Figure

    correct = (predictions["label"] == predictions["predicted"]).to_numpy()
    coverage, risk, least = _corners(
        *risk_coverage(predictions["calibrated"].to_numpy(), correct)
    )
    figure = Figure()
    figure.add_scatter(
        x=(100 * coverage).tolist(),
        y=(100 * risk).tolist(),
        mode="lines",
        line={"color": BLUE},
        customdata=(100 * least).tolist(),
        hovertemplate="%{x:.2f} % accepted, those at least %{customdata:.2f} % sure: "
        "%{y:.3f} % of them wrong<extra></extra>",
        showlegend=False,
    )
    for name, level in LEVELS.items():
        accepted = 100 * metrics[f"coverage_at_{name}_error"]
        figure.add_hline(
            y=100 * level,
            line={"color": RED, "dash": "dot", "width": 1},
            annotation={
                "text": f"1 in {1 / level:,.0f}: {accepted:.1f} % accepted",
                "font": {"color": RED, "size": 12},
            },
            annotation_position="top left",
        )
    spared = 100 * coverage[risk == 0].max(initial=0)
    figure.update_xaxes(
        title="coverage: images accepted, the surest first, %",
        range=[max(0, spared // 10 * 10 - 10), 100.2],
    )
    figure.update_yaxes(
        title="risk: wrong ones among those accepted, %", rangemode="tozero"
    )
    return finish_chart(
        figure,
        "The fewer images are accepted, the fewer of them are wrong",
        caption(metrics),
    )


def _corners(
    coverage: np.ndarray, risk: np.ndarray, least: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The points before and after each new error, between which the curve is smooth.

    And each hundredth of the others.
    """
    new = np.flatnonzero(np.diff(risk * coverage) > TINY)
    every = np.arange(0, len(coverage), max(1, len(coverage) // 200))
    kept = np.unique(np.concatenate([new, new + 1, every, [len(coverage) - 1]]))
    return coverage[kept], risk[kept], least[kept]


def _put_legend(figure: Figure, x: float, y: float) -> None:
    """Into the figure, where there is room, its upper right corner at (x, y)."""
    figure.update_layout(
        legend={"x": x, "y": y, "xanchor": "right", "yanchor": "top"},
    )
