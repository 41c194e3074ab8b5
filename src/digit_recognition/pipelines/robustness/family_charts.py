"""Nodes that draw a model's results on corrupted images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from digit_recognition.plotting.style import (
    BLUE,
    BROWN,
    GREY,
    RED,
    caption,
    montage,
)

from .nodes import CLEAN, Examples

NEAR_COLOUR, FAR_COLOUR = BLUE, BROWN
MIN_BAR_FOR_TEXT = 12  # per cent; shorter bars have their text beside the bar


def draw_robustness(robustness: pd.DataFrame, summary: dict[str, Any]) -> Figure:
    """Draw the accuracy on each family of corruptions as a bar.

    A family is a kind of corruption, such as ``fog``. The family with the lowest
    accuracy is on top. The colour of a bar says whether the training used a random
    change that is similar to the family. ``robustness`` is the table that
    ``measure_robustness`` returns, and ``summary`` is the result of
    ``summarize_robustness``.
    """
    families = robustness[robustness["family"] != CLEAN]
    families = families.sort_values("accuracy", ascending=False)
    accuracy = 100 * families["accuracy"]
    figure = Figure(figsize=(8, 0.3 * len(families) + 1.8), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(
        [_label(row) for row in families.itertuples()],
        accuracy,
        color=np.where(families["near"], NEAR_COLOUR, FAR_COLOUR),
    )
    for bar, value in zip(bars, accuracy, strict=True):
        inside = value > MIN_BAR_FOR_TEXT
        axes.text(
            value - 1 if inside else value + 1,
            bar.get_y() + bar.get_height() / 2,
            f"{value:.1f}",
            ha="right" if inside else "left",
            va="center",
            fontsize=8,
            color="white" if inside else "black",
        )
    clean = axes.axvline(
        100 * summary["accuracy_clean"],
        color="black",
        linewidth=1,
        label=_with_mean("clean images", summary, "clean"),
    )
    axes.set_xlim(0, 101)
    axes.set_xlabel("accuracy on the test images, %")
    axes.margins(y=0.02)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("Accuracy on corrupted images, by type of corruption", loc="left")
    near = _with_mean("similar to a change in training", summary, "near")
    far = _with_mean("unlike any change in training", summary, "far")
    figure.legend(
        handles=[
            Patch(color=NEAR_COLOUR, label=near),
            Patch(color=FAR_COLOUR, label=far),
            clean,
        ],
        loc="outside lower center",
        ncols=3,
        fontsize=8,
        frameon=False,
        title=_caption(summary),
        title_fontsize=7,
    )
    return figure


def draw_corruptions(examples: Examples, summary: dict[str, Any]) -> Figure:
    """Draw a row of example images for each family, and a row for the clean images.

    A family is a kind of corruption, such as ``fog``. A misclassified image shows the
    predicted digit in its corner.
    """
    columns = max(len(example["images"]) for example in examples.values())
    height, width = np.add(examples[CLEAN]["images"].shape[1:], 2)  # with a frame
    sheet = np.ones((len(examples) * height, columns * width))
    for row, example in enumerate(examples.values()):
        images = montage(example["images"], len(example["images"]))
        sheet[row * height : (row + 1) * height, : images.shape[1]] = images
    figure = Figure(
        figsize=(0.5 * columns + 1.6, 0.5 * len(examples) + 0.9), layout="constrained"
    )
    axes = figure.subplots()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1)
    for row, example in enumerate(examples.values()):
        for column in np.flatnonzero(~example["correct"]):
            axes.text(
                (column + 1) * width - 3,
                (row + 1) * height - 3,
                str(example["predicted"][column]),
                ha="right",
                va="bottom",
                fontsize=8,
                color="white",
                bbox={"color": RED, "pad": 1},
            )
    axes.set_xticks([])
    axes.set_yticks(
        height * (np.arange(len(examples)) + 0.5),
        [family.replace("_", " ") for family in examples],
    )
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    figure.suptitle("Corrupted test images, with wrong predictions in the corner")
    figure.supxlabel(_caption(summary), fontsize=7, color=GREY)
    return figure


def _label(row: Any) -> str:
    name = row.family.replace("_", " ")
    return name if pd.isna(row.strength) else f"{name} {row.strength}"


def _with_mean(label: str, summary: dict[str, Any], key: str) -> str:
    mean = summary[f"accuracy_{key}"]
    return label if mean is None else f"{label}: {100 * mean:.1f} %"


def _caption(summary: dict[str, Any]) -> str:
    source = {"own": "own corruptions", "published": "MNIST-C's corrupted images"}
    return caption(summary, f", {source[summary['corruptions']]}")
