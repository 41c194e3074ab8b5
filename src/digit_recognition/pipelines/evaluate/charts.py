"""Nodes that draw interactive charts of training, errors and confidence.

``predictions`` is the table that ``predict_digits`` returns, and ``metrics`` is the
result of ``score_predictions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.evaluation import random_changes
from digit_recognition.plotting.style import (
    BLUE,
    BROWN,
    GREY,
    RED,
    finish_chart,
    short_caption,
)
from digit_recognition.recognition.calibration import reliability, risk_coverage

from .nodes import ERROR_RATES

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    Figure = Any  # Kedro resolves the nodes' type hints at run time

PALE_GREY = "#e8e8e8"
ROUNDING = 1e-9
"""Maximum rounding error of a difference between two values of ``risk * coverage``.

``risk * coverage`` is the number of misclassified images among the accepted images,
divided by the number of all images. If it increases by more than this value from one
point of the risk-coverage curve to the next, another misclassified image is accepted.
"""

CURVE_POINTS = 200
"""About this number of evenly spaced points of the risk-coverage curve are drawn. The
points next to each misclassified image are drawn, too."""


def draw_training_curves(
    history: pd.DataFrame, training: dict[str, Any], metrics: dict[str, Any]
) -> Figure:
    """Draw loss and accuracy on training and validation images for each epoch.

    ``history`` has the columns epoch, loss, accuracy, val_loss and val_accuracy.
    ``training`` is the record of the model's training.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, horizontal_spacing=0.12)
    changed = ", changed at random" if random_changes(training) else ""
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
    title = "Loss and accuracy during training"
    return finish_chart(figure, title, short_caption(record))


def draw_confusion_matrix(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw the confusion matrix, with errors in colour and a grey diagonal."""
    from plotly.graph_objects import Figure, Heatmap
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(
        predictions["label"], predictions["predicted"], labels=range(NUM_CLASSES)
    )
    diagonal = np.eye(NUM_CLASSES, dtype=bool)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    digits = [str(digit) for digit in range(NUM_CLASSES)]
    hover = "%{z:,} images, %{customdata:.2%} of all %{y}s: %{y} read as %{x}"

    def cells(shown: np.ndarray, **options: Any) -> Heatmap:
        values = np.where(shown, counts.astype(object), np.array(None))
        text: np.ndarray = np.where(shown & (counts > 0), counts.astype(str), "")
        return Heatmap(
            x=digits,
            y=digits,
            z=values.tolist(),
            customdata=shares.tolist(),
            text=text.tolist(),
            texttemplate="%{text}",
            hovertemplate=f"{hover}<extra></extra>",
            hoverongaps=False,
            xgap=1,
            ygap=1,
            **options,
        )

    figure = Figure(
        [
            cells(diagonal, colorscale=[PALE_GREY, PALE_GREY], showscale=False),
            cells(
                ~diagonal,
                colorscale="Oranges",
                zmin=0,
                zmax=max(1, int(counts[~diagonal].max())),
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
        "misclassified"
    )
    return finish_chart(figure, title, short_caption(metrics))


def draw_reliability(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw accuracy against confidence, before and after temperature scaling.

    The images are divided into bins by their confidence. Each point shows the mean
    confidence and the accuracy of the images in one bin. Each bar shows the number of
    images in one bin.
    """
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
            hovertemplate="%{customdata:,} images: confidence %{x:.1f} %, "
            "accuracy %{y:.1f} %"
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
            hovertemplate="%{y:,} images: confidence %{customdata:.1f} %"
            "<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_xaxes(range=[0, 101], dtick=10)
    figure.update_xaxes(title="confidence, % (mean of each bin)", row=2, col=1)
    figure.update_yaxes(title="accuracy, % (95 % interval)", range=[0, 102], row=1)
    figure.update_yaxes(title="images", type="log", dtick=1, row=2)
    _put_legend(figure, x=0.98, y=0.56)
    title = "Reliability: accuracy at each level of confidence"
    return finish_chart(figure, title, short_caption(metrics))


def draw_risk_coverage(predictions: pd.DataFrame, metrics: dict[str, Any]) -> Figure:
    """Draw the risk-coverage curve.

    The risk is the error rate among the accepted images. The coverage is the share of
    all images that are accepted. Images are accepted in the order of their calibrated
    confidence, highest first. Dotted lines mark the error rates 0.1 % and 0.01 %.
    """
    from plotly.graph_objects import Figure

    correct = (predictions["label"] == predictions["predicted"]).to_numpy()
    coverage, risk, min_confidence = _thin_out(
        *risk_coverage(predictions["calibrated"].to_numpy(), correct)
    )
    figure = Figure()
    figure.add_scatter(
        x=(100 * coverage).tolist(),
        y=(100 * risk).tolist(),
        mode="lines",
        line={"color": BLUE},
        customdata=(100 * min_confidence).tolist(),
        hovertemplate="%{x:.2f} % accepted, with a confidence of at least "
        "%{customdata:.2f} %: %{y:.3f} % of them wrong<extra></extra>",
        showlegend=False,
    )
    for name, rate in ERROR_RATES.items():
        accepted = 100 * metrics[f"coverage_at_{name}_error"]
        figure.add_hline(
            y=100 * rate,
            line={"color": RED, "dash": "dot", "width": 1},
            annotation={
                "text": f"1 error in {1 / rate:,.0f}: {accepted:.1f} % accepted",
                "font": {"color": RED, "size": 12},
            },
            annotation_position="top left",
        )
    without_error = 100 * coverage[risk == 0].max(initial=0)
    figure.update_xaxes(
        title="coverage: share of images accepted, most confident first, %",
        range=[max(0, without_error // 10 * 10 - 10), 100.2],
    )
    figure.update_yaxes(
        title="risk: errors among accepted images, %", rangemode="tozero"
    )
    return finish_chart(
        figure,
        "Accepting fewer images leaves fewer errors among them",
        short_caption(metrics),
    )


def _thin_out(
    coverage: np.ndarray, risk: np.ndarray, min_confidence: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Thin out the risk-coverage curve, but keep the points next to each error.

    About 200 evenly spaced points are kept, too. An error is a misclassified image. The
    curve jumps at each error and is smooth elsewhere.
    """
    before_error = np.flatnonzero(np.diff(risk * coverage) > ROUNDING)
    evenly_spaced = np.arange(0, len(coverage), max(1, len(coverage) // CURVE_POINTS))
    last = [len(coverage) - 1]
    kept = np.unique(
        np.concatenate([before_error, before_error + 1, evenly_spaced, last])
    )
    return coverage[kept], risk[kept], min_confidence[kept]


def _put_legend(figure: Figure, x: float, y: float) -> None:
    """Put the legend inside the figure, with its upper right corner at (x, y).

    The lower left corner of the plotting area is (0, 0). Its upper right corner is
    (1, 1).
    """
    figure.update_layout(
        legend={"x": x, "y": y, "xanchor": "right", "yanchor": "top"},
    )
