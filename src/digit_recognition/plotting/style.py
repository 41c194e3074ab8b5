"""Shared parts of all figures: colours, image grids, captions and titles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Chart

# Colour-blind readers can tell these colours apart (Okabe and Ito 2008). White text is
# legible on them.
BLUE, BROWN, RED, GREY = "#0072B2", "#A65E00", "#D55E00", "#777777"
GRID_COLOUR = "rgba(128, 128, 128, 0.25)"  # visible on light and dark backgrounds
FRAME = 0.5  # mid-grey, between ink and background


def montage(
    images: np.ndarray, columns: int, frame: float = FRAME, gap: int = 1
) -> np.ndarray:
    """Arrange images (n, height, width) in rows on one float64 sheet (h, w).

    Each row has ``columns`` images. Each image gets a border of ``gap`` pixels with the
    value ``frame``. Empty places in the last row are filled with the same value.
    """
    from skimage import util

    border = (gap, gap)
    framed = np.pad(
        images.astype(float), ((0, 0), border, border), constant_values=frame
    )
    rows = -(-len(images) // columns)
    return util.montage(framed, fill=frame, grid_shape=(rows, columns))


def draw_images(
    images: np.ndarray, titles: Sequence[str] = (), columns: int = 10
) -> Figure:
    """Draw images (n, height, width) in 0..1 as dark ink on white.

    Each row has ``columns`` images, each below its title.
    """
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
    """Return one line that names the dataset and the model of a figure.

    ``record`` has the keys dataset, recipe, seed and model_version, like the catalog
    entry ``metrics``. ``images`` is a text that says which images of the dataset are
    shown. It is appended to the dataset's name without a space, as in ``", first 20"``.

    >>> caption({"dataset": "mnist", "recipe": "quick", "seed": 3, "model_version": 1})
    'mnist · recipe quick, seed 3 · model 1'
    """
    return (
        f"{record['dataset']}{images} · recipe {record['recipe']}, seed "
        f"{record['seed']} · model {record['model_version']}"
    )


def short_caption(record: dict[str, Any]) -> str:
    """Return a shorter form of ``caption`` that fits into Kedro-Viz's panel.

    >>> version = "2026-01-31T12.00.00.000Z"
    >>> record = {"dataset": "mnist", "recipe": "quick", "seed": 3}
    >>> short_caption(record | {"model_version": version})
    'mnist · quick, seed 3 · model 2026-01-31T12.00'
    """
    return (
        f"{record['dataset']} · {record['recipe']}, seed {record['seed']} · model "
        f"{str(record['model_version'])[:16]}"
    )


def finish_chart(figure: Chart, title: str, subtitle: str) -> Chart:
    """Set the title, the subtitle and the common layout of a chart, and return it.

    Kedro-Viz replaces margins, background and text colour to match its light or dark
    theme. No colour is set for the subtitle, because Kedro-Viz would not replace it.
    """
    small = f'<br><span style="font-size:10px">{subtitle}</span>'
    figure.update_layout(
        template="plotly_white",
        title={"text": title + small, "x": 0, "xref": "paper"},
        margin={"l": 70, "r": 30, "t": 70, "b": 60},
    )
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(gridcolor=GRID_COLOUR, zerolinecolor=GRID_COLOUR)
        axes(tickfont={"size": 10}, title_font={"size": 11})
    return figure
