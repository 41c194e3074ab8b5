"""The node that draws what was read wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from digit_recognition.drawing import GREY, caption

MOST, COLUMNS = 50, 10


def draw_mistakes(
    x_test: np.ndarray, predictions: pd.DataFrame, metrics: dict[str, Any]
) -> Figure:
    """Up to 50 images that were read wrongly, the surest first.

    ``x_test`` is float32 (n, 28, 28, 1) in 0..1. Above each image stands what it is,
    what it was read as, and how sure the model was.
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    worst = wrong.nlargest(MOST, "confidence")
    rows = max(1, -(-len(worst) // COLUMNS))
    figure = Figure(figsize=(11, 1.25 * rows + 0.9), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, row in zip(axes, worst.itertuples(), strict=False):
        image = x_test[row.index, ..., 0]
        axis.imshow(1 - image, cmap="gray", vmin=0, vmax=1, extent=(0, 28, 28, 0))
        axis.set_title(
            f"{row.label} → {row.predicted}   {100 * row.confidence:.1f} %", fontsize=9
        )
    figure.suptitle(_title(len(worst), len(wrong)), x=0.01, ha="left", fontsize=13)
    figure.supxlabel(caption(metrics), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


def _title(shown: int, wrong: int) -> str:
    if not wrong:
        return "No test image was read wrongly"
    some = f"{shown} of the {wrong:,}" if shown < wrong else f"The {wrong:,}"
    return f"{some} mistakes, the surest first: what it is → what was read, how sure"
