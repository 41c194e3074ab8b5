"""The node that draws what was read wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from digit_recognition.plotting.style import GREY, caption, draw_images

MOST = 50
FOR_TITLE = 0.9  # inches


def draw_mistakes(
    x_test: np.ndarray, predictions: pd.DataFrame, metrics: dict[str, Any]
) -> Figure:
    """Up to 50 images that were read wrongly, the surest first.

    ``x_test`` is float32 (n, 28, 28, 1) in 0..1. Above each image stands what it is,
    what it was read as, and how sure the model was.
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    worst = wrong.nlargest(MOST, "confidence")
    titles = [
        f"{row.label} → {row.predicted}   {100 * row.confidence:.1f} %"
        for row in worst.itertuples()
    ]
    figure = draw_images(x_test[worst["index"], ..., 0], titles)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + FOR_TITLE)
    figure.suptitle(_title(len(worst), len(wrong)), x=0.01, ha="left", fontsize=13)
    figure.supxlabel(caption(metrics), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


def _title(shown: int, wrong: int) -> str:
    if not wrong:
        return "No test image was read wrongly"
    some = f"{shown} of the {wrong:,}" if shown < wrong else f"The {wrong:,}"
    return f"{some} mistakes, the surest first: what it is → what was read, how sure"
