"""Nodes that draw filters, the output of each layer, and pixel contributions."""

from __future__ import annotations

from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure

from digit_recognition.plotting.style import BLUE, GREY, RED, caption, montage

from .layers import Stage
from .nodes import Journey

MAP_COLOURS = "viridis"
SIGNED_COLOURS = "RdBu"
INK_THRESHOLD = 0.5
MIN_BAR_FOR_TEXT = 0.5  # shorter bars have their text beside the bar
MIN_PROBABILITY = 5e-4  # smaller probabilities are shown as 0 %

# Sizes in the figure of ``draw_journey``, in inches
STAGE_HEIGHT = 4.0
VECTOR_WIDTH, IMAGE_WIDTH = 1.15, 1.7
STAGE_GAP = 0.42
TITLE_HEIGHT, TEXT_HEIGHT, MARGIN = 1.35, 1.75, 0.35
LETTER_WIDTH = 0.078  # at a font size of 9 points

MIN_MAP_SIDE = 60  # pixels; smaller feature maps are enlarged


def draw_filters(journey: Journey) -> Figure:
    """Draw the filters of the first convolution.

    Positive weights are blue and respond to ink. Negative weights are red and respond
    to background.
    """
    filters = journey.filters
    columns = 8
    rows = -(-len(filters) // columns)
    figure = Figure(figsize=(8, 0.95 * rows + 1.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    norm = CenteredNorm(halfrange=np.abs(filters).max())
    for axis in axes:
        axis.set_axis_off()
    for number, (axis, pattern) in enumerate(zip(axes, filters, strict=False)):
        shown = axis.imshow(pattern, cmap=SIGNED_COLOURS, norm=norm)
        axis.set_title(str(number), fontsize=8, color=GREY, pad=2)
    bar = figure.colorbar(shown, ax=axes.tolist(), shrink=0.8, aspect=30)
    bar.set_label("weight: blue responds to ink, red to background")
    size = "x".join(map(str, filters.shape[1:]))
    figure.suptitle(
        f"The {len(filters)} filters of the first convolution, {size} pixels each",
        x=0.01,
        ha="left",
    )
    figure.supxlabel(caption(journey.record), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


class _Panel(NamedTuple):
    """The part of a figure that shows one stage: its pixels, and its width in inches.

    A stage is the input image or the output of a layer.
    """

    pixels: np.ndarray
    width: float


def draw_journey(journey: Journey) -> Figure:
    """Draw the image and the output of each layer, from left to right."""
    panels = [_panel(stage) for stage in journey.stages]
    width = sum(panel.width + STAGE_GAP for panel in panels) + 2 * MARGIN
    height = TITLE_HEIGHT + STAGE_HEIGHT + TEXT_HEIGHT
    figure = Figure(figsize=(width, height))
    left = MARGIN
    for stage, panel in zip(journey.stages, panels, strict=True):
        axes = figure.add_axes(
            (
                *(left / width, TEXT_HEIGHT / height),
                *(panel.width / width, STAGE_HEIGHT / height),
            )
        )
        if stage is journey.stages[-1]:
            _draw_answer(axes, stage.output)
        else:
            _draw_values(axes, panel.pixels, stage)
        middle = (left + panel.width / 2) / width
        figure.text(
            *(middle, (TEXT_HEIGHT + STAGE_HEIGHT + 0.12) / height),
            f"{stage.name}\n{'x'.join(map(str, stage.output.shape))}",
            ha="center",
            va="bottom",
            fontsize=11,
            fontweight="bold",
        )
        letters = int((panel.width + STAGE_GAP - 0.12) / LETTER_WIDTH)
        figure.text(
            *(middle, (TEXT_HEIGHT - 0.3) / height),
            fill(stage.description, letters),
            ha="center",
            va="top",
            fontsize=9,
        )
        if left > MARGIN:
            figure.text(
                (left - STAGE_GAP / 2) / width,
                (TEXT_HEIGHT + STAGE_HEIGHT / 2) / height,
                "→",
                ha="center",
                va="center",
                fontsize=18,
                color=GREY,
            )
        left += panel.width + STAGE_GAP
    figure.text(
        *(MARGIN / width, 1 - 0.2 / height),
        f"The journey of {journey.chosen.description}, {_answer(journey)}",
        va="top",
        fontsize=15,
    )
    figure.text(
        *(MARGIN / width, 0.12 / height),
        caption(journey.record),
        fontsize=9,
        color=GREY,
    )
    return figure


def draw_attention(journey: Journey) -> Figure:
    """Draw the image and the pixels' contributions to the two most probable digits."""
    probabilities = journey.stages[-1].output
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    axes = figure.subplots(1, 1 + len(journey.attributions))
    image = journey.chosen.image[..., 0]
    axes[0].imshow(1 - image, cmap="gray", vmin=0, vmax=1)
    axes[0].set_title(journey.chosen.description, fontsize=11)
    maximum = max(np.abs(values).max() for values in journey.attributions.values())
    norm = CenteredNorm(halfrange=float(maximum) or 1.0)
    for axis, (digit, values) in zip(
        axes[1:], journey.attributions.items(), strict=True
    ):
        shown = axis.imshow(values, cmap=SIGNED_COLOURS, norm=norm)
        if image.min() < INK_THRESHOLD < image.max():
            axis.contour(image, levels=[INK_THRESHOLD], colors=GREY, linewidths=0.6)
        title = f"digit {digit}, probability {_percent(probabilities[digit])}"
        axis.set_title(title, fontsize=11)
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])
    bar = figure.colorbar(shown, ax=axes.tolist(), shrink=0.8)
    bar.set_label("contribution to the digit's logit:\nblue for the digit, red against")
    figure.suptitle(
        f"Contribution of each pixel; the image is {_answer(journey)}",
        x=0.01,
        ha="left",
    )
    figure.supxlabel(
        f"integrated gradients from a black image · {caption(journey.record)}",
        fontsize=8,
        color=GREY,
        x=0.01,
        ha="left",
    )
    return figure


def _panel(stage: Stage) -> _Panel:
    values = stage.output
    if values.ndim == 1:
        width = IMAGE_WIDTH if stage.kind == "Softmax" else VECTOR_WIDTH
        return _Panel(values[:, None], width)
    maps = values.transpose(2, 0, 1)
    if stage.kind == "image":
        return _Panel(1 - maps[0], IMAGE_WIDTH)
    # Small maps are enlarged, because the gaps between maps have a fixed width.
    scale = -(-MIN_MAP_SIDE // maps.shape[1])
    maps = maps.repeat(scale, axis=1).repeat(scale, axis=2)
    pixels = montage(
        maps / _positive_maximum(values),
        columns=_columns(len(maps)),
        frame=np.nan,
        gap=MIN_MAP_SIDE // 20,
    )
    return _Panel(pixels, STAGE_HEIGHT * pixels.shape[1] / pixels.shape[0])


def _positive_maximum(values: np.ndarray) -> float:
    """Return the maximum of the values, or 1 if no value is positive.

    The figure shows this value in the brightest colour.
    """
    return float(values.max(initial=0)) or 1.0


def _columns(count: int) -> int:
    """Return the number of columns for a grid of ``count`` images.

    It is the smallest number for which the grid has no empty places, and at most twice
    as many rows as columns.

    >>> _columns(32), _columns(64)
    (4, 8)
    """
    divisors = [number for number in range(1, count + 1) if count % number == 0]
    return next(number for number in divisors if number * number * 2 >= count)


def _draw_values(axes: Axes, pixels: np.ndarray, stage: Stage) -> None:
    maps = stage.output.ndim > 1
    grey = stage.kind == "image"
    axes.imshow(
        pixels,
        cmap="gray" if grey else MAP_COLOURS,
        vmin=0,
        vmax=1 if maps else _positive_maximum(pixels),
        aspect="equal" if maps else "auto",
        interpolation="nearest" if maps else "antialiased",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(grey)


def _draw_answer(axes: Axes, probabilities: np.ndarray) -> None:
    answer = probabilities.argmax()
    digits = range(len(probabilities))
    axes.barh(
        digits, probabilities, color=[RED if d == answer else BLUE for d in digits]
    )
    for digit, probability in enumerate(probabilities):
        inside = probability > MIN_BAR_FOR_TEXT
        axes.text(
            probability - 0.03 if inside else probability + 0.03,
            digit,
            _percent(probability),
            va="center",
            ha="right" if inside else "left",
            fontsize=8,
            color="white" if inside else "black",
        )
    axes.set_ylim(len(probabilities) - 0.5, -0.5)
    axes.set_yticks(digits)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(length=0, labelsize=10)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _answer(journey: Journey) -> str:
    probabilities = journey.stages[-1].output
    answer = probabilities.argmax()
    return f"read as {answer} ({_percent(probabilities[answer])})"


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %" if probability >= MIN_PROBABILITY else "0 %"
