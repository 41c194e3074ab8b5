"""Nodes that draw how a model holds on corrupted images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .nodes import CLEAN, Examples

# Told apart by the colour-blind too, and dark enough for white figures on them.
NEAR, FAR, WRONG, MUTED = "#0072B2", "#A65E00", "#D55E00", "#777777"


def draw_robustness(robustness: pd.DataFrame, summary: dict[str, Any]) -> Figure:
    """A bar for each family's accuracy, worst first, near and far ones told apart."""
    families = robustness[robustness["family"] != CLEAN]
    families = families.sort_values("accuracy", ascending=False)
    accuracy = 100 * families["accuracy"]
    figure = Figure(figsize=(8, 0.3 * len(families) + 1.8), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(
        [_named(row) for row in families.itertuples()],
        accuracy,
        color=np.where(families["near"], NEAR, FAR),
    )
    axes.bar_label(bars, fmt="%.1f", padding=-30, fontsize=8, color="white")
    clean = axes.axvline(
        100 * summary["accuracy_clean"],
        color="black",
        linewidth=1,
        label=_mean("clean images", summary, "clean"),
    )
    axes.set_xlim(0, 101)
    axes.set_xlabel("accuracy on the test images, %")
    axes.margins(y=0.02)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("How the model holds on corrupted images", loc="left")
    near = _mean("near to a change in training", summary, "near")
    far = _mean("far from all of them", summary, "far")
    figure.legend(
        handles=[Patch(color=NEAR, label=near), Patch(color=FAR, label=far), clean],
        loc="outside lower center",
        ncols=3,
        fontsize=8,
        frameon=False,
        title=_caption(summary),
        title_fontsize=7,
    )
    return figure


def draw_corruptions(examples: Examples, summary: dict[str, Any]) -> Figure:
    """A row of images for each family; what was read wrongly stands in its corner."""
    columns = max(len(some["images"]) for some in examples.values())
    figure = Figure(
        figsize=(0.55 * columns + 1.6, 0.55 * len(examples) + 0.9),
        layout="constrained",
    )
    grid = figure.subplots(len(examples), columns, squeeze=False)
    for row, (family, some) in zip(grid, examples.items(), strict=True):
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(color=MUTED, linewidth=0.5)
        row[0].text(
            *(-0.15, 0.5, family.replace("_", " ")),
            transform=row[0].transAxes,
            ha="right",
            va="center",
            fontsize=8,
        )
        for axes, image, digit, correct in zip(
            row, some["images"], some["predicted"], some["correct"], strict=False
        ):
            axes.imshow(image, cmap="gray", vmin=0, vmax=1)
            if not correct:
                axes.text(
                    *(0.96, 0.04, str(digit)),
                    transform=axes.transAxes,
                    ha="right",
                    va="bottom",
                    fontsize=8,
                    color="white",
                    bbox={"color": WRONG, "pad": 1},
                )
    figure.suptitle("Corrupted test images; in the corner, what was read wrongly")
    figure.supxlabel(_caption(summary), fontsize=7, color=MUTED)
    return figure


def _named(row: Any) -> str:
    name = row.family.replace("_", " ")
    return name if pd.isna(row.strength) else f"{name} {row.strength}"


def _mean(words: str, summary: dict[str, Any], key: str) -> str:
    mean = summary[f"accuracy_{key}"]
    return words if mean is None else f"{words}: {100 * mean:.1f} %"


def _caption(summary: dict[str, Any]) -> str:
    images = {"own": "corrupted here", "published": "corrupted by MNIST-C"}
    return (
        f"{summary['dataset']}, {images[summary['images']]} · recipe "
        f"{summary['recipe']}, seed {summary['seed']} · "
        f"model {summary['model_version']}"
    )
