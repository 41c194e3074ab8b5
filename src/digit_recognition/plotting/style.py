"""What all figures share: colours, mosaics of images, the caption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Chart

# Told apart by the colour-blind too (Okabe and Ito 2008), and dark enough for white
# figures on them.
BLUE, BROWN, RED, GREY = "#0072B2", "#A65E00", "#D55E00", "#777777"
GRID = "rgba(128, 128, 128, 0.25)"  # on light and dark alike
FRAME = 0.5


def montage(
    images: np.ndarray, columns: int, frame: float = FRAME, gap: int = 1
) -> np.ndarray:
    """The images (n, height, width) side by side, row after row, as one (h, w).

    Each has a frame of ``gap`` pixels of the value ``frame`` around it; so has what is
    left of the last row.
    """
    count, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height + 2 * gap, width + 2 * gap), frame, float)
    sheet[:count, gap : gap + height, gap : gap + width] = images
    sheet = sheet.reshape(rows, columns, *sheet.shape[1:]).swapaxes(1, 2)
    return sheet.reshape(rows * sheet.shape[1], -1)


def draw_images(
    images: np.ndarray, titles: Sequence[str] = (), columns: int = 10
) -> Figure:
    """The images (n, height, width), 0..1, as dark ink on white, each with a title."""
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(1.1 * columns, 1.25 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, image in zip(axes, images, strict=False):
        axis.imshow(1 - image, cmap="gray", vmin=0, vmax=1)
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title, fontsize=9)
    return figure


def caption(record: dict[str, Any], images: str = "") -> str:
    """In one line, what data and model a figure is of.

    ``record`` is of metrics or what else names dataset, recipe, seed and model_version;
    ``images`` says more of the dataset.
    """
    return (
        f"{record['dataset']}{images} · recipe {record['recipe']}, seed "
        f"{record['seed']} · model {record['model_version']}"
    )


def finish_chart(figure: Chart, title: str, below: str) -> Chart:
    """The chart with its title, a caption below that, and what all charts share.

    Kedro-Viz shows charts with margins and a background of its own, light or dark.
    """
    small = f'<br><span style="font-size:11px;color:{GREY}">{below}</span>'
    figure.update_layout(
        template="plotly_white",
        title={"text": title + small, "x": 0, "xref": "paper"},
        margin={"l": 70, "r": 30, "t": 70, "b": 60},
    )
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(gridcolor=GRID, zerolinecolor=GRID)
    return figure
