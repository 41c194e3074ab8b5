"""The node that draws misclassified images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from digit_recognition.plotting.style import GREY, caption, draw_images

MAX_IMAGES = 50
TITLE_HEIGHT = 0.9  # inches


def draw_mistakes(
    x_test: np.ndarray, predictions: pd.DataFrame, metrics: dict[str, Any]
) -> Figure:
    """Draw up to 50 misclassified images, the most confident first.

    ``x_test`` is float32 (n, 28, 28, 1) in 0..1. The title above an image gives its
    label, the prediction and the confidence.
    """
    wrong = predictions[predictions["label"] != predictions["predicted"]]
    worst = wrong.nlargest(MAX_IMAGES, "confidence")
    titles = [
        f"{row.label} → {row.predicted}   {100 * row.confidence:.1f} %"
        for row in worst.itertuples()
    ]
    figure = draw_images(x_test[worst["index"], ..., 0], titles)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + TITLE_HEIGHT)
    figure.suptitle(_title(len(worst), len(wrong)), x=0.01, ha="left", fontsize=13)
    figure.supxlabel(caption(metrics), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


def _title(shown: int, wrong: int) -> str:
    if not wrong:
        return "No test image is misclassified"
    return (
        f"{shown} of {wrong:,} misclassified images, most confident first "
        "(label → prediction, confidence)"
    )
