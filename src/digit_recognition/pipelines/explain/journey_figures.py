"""Nodes that draw the filters, the journey of an image, and what it was read by."""

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

MAPS = "viridis"
SIGNED = "RdBu"
HALF, LEAST = 0.5, 5e-4
HEIGHT = 4.0
"""Of a stage's picture in the journey, in inches; so are all sizes below."""

NARROW, WIDE, GAP, ABOVE, BELOW, EDGE = 1.15, 1.7, 0.42, 1.35, 1.75, 0.35
PIXELS = 60
"""At least so many are taken for each side of a map."""

LETTER = 0.078
"""A letter's width, of 9 points."""


def draw_filters(journey: Journey) -> Figure:
    """The filters of the first convolution, blue where they weigh ink, red against."""
    filters = journey.filters
    columns = 8
    rows = -(-len(filters) // columns)
    figure = Figure(figsize=(8, 0.95 * rows + 1.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    norm = CenteredNorm(halfrange=np.abs(filters).max())
    for axis in axes:
        axis.set_axis_off()
    for number, (axis, pattern) in enumerate(zip(axes, filters, strict=False)):
        shown = axis.imshow(pattern, cmap=SIGNED, norm=norm)
        axis.set_title(str(number), fontsize=8, color=GREY, pad=2)
    bar = figure.colorbar(shown, ax=axes.tolist(), shrink=0.8, aspect=30)
    bar.set_label("weight: blue finds ink, red finds paper")
    size = "x".join(map(str, filters.shape[1:]))
    figure.suptitle(
        f"The {len(filters)} filters of the first convolution, {size} pixels each",
        x=0.01,
        ha="left",
    )
    figure.supxlabel(caption(journey.record), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


class _Shown(NamedTuple):
    """A stage's picture: what is drawn, and its width in inches."""

    picture: np.ndarray
    width: float


def draw_journey(journey: Journey) -> Figure:
    """From left to right, what each layer makes of the image."""
    shown = [_shown(stage) for stage in journey.stages]
    width = sum(one.width + GAP for one in shown) + 2 * EDGE
    height = ABOVE + HEIGHT + BELOW
    figure = Figure(figsize=(width, height))
    left = EDGE
    for stage, (picture, wide) in zip(journey.stages, shown, strict=True):
        axes = figure.add_axes(
            (left / width, BELOW / height, wide / width, HEIGHT / height)
        )
        if stage is journey.stages[-1]:
            _draw_answer(axes, stage.output)
        else:
            _draw_values(axes, picture, stage)
        middle = (left + wide / 2) / width
        figure.text(
            *(middle, (BELOW + HEIGHT + 0.12) / height),
            f"{stage.name}\n{'x'.join(map(str, stage.output.shape))}",
            ha="center",
            va="bottom",
            fontsize=11,
            fontweight="bold",
        )
        letters = int((wide + GAP - 0.12) / LETTER)
        figure.text(
            *(middle, (BELOW - 0.3) / height),
            fill(stage.told, letters),
            ha="center",
            va="top",
            fontsize=9,
        )
        if left > EDGE:
            figure.text(
                *((left - GAP / 2) / width, (BELOW + HEIGHT / 2) / height),
                "→",
                ha="center",
                va="center",
                fontsize=18,
                color=GREY,
            )
        left += wide + GAP
    figure.text(
        *(EDGE / width, 1 - 0.2 / height),
        f"The journey of {journey.chosen.words}, {_answer(journey)}",
        va="top",
        fontsize=15,
    )
    figure.text(
        *(EDGE / width, 0.12 / height),
        caption(journey.record),
        fontsize=9,
        color=GREY,
    )
    return figure


def draw_attention(journey: Journey) -> Figure:
    """The image, and which of its pixels spoke for the answer and for the next one."""
    probabilities = journey.stages[-1].output
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    axes = figure.subplots(1, 1 + len(journey.attributions))
    image = journey.chosen.image[..., 0]
    axes[0].imshow(1 - image, cmap="gray", vmin=0, vmax=1)
    axes[0].set_title(journey.chosen.words, fontsize=11)
    most = max(np.abs(values).max() for values in journey.attributions.values())
    norm = CenteredNorm(halfrange=float(most) or 1.0)
    for axis, (digit, values) in zip(
        axes[1:], journey.attributions.items(), strict=True
    ):
        shown = axis.imshow(values, cmap=SIGNED, norm=norm)
        if image.min() < HALF < image.max():
            axis.contour(image, levels=[HALF], colors=GREY, linewidths=0.6)
        axis.set_title(f"for a {digit}: {_percent(probabilities[digit])}", fontsize=11)
    for axis in axes:
        axis.set_xticks([])
        axis.set_yticks([])
    bar = figure.colorbar(shown, ax=axes.tolist(), shrink=0.8)
    bar.set_label("part in the score (logit):\nblue spoke for it, red against")
    figure.suptitle(
        f"Which pixels spoke for the answer, {_answer(journey)}", x=0.01, ha="left"
    )
    figure.supxlabel(
        f"integrated gradients from a black image · {caption(journey.record)}",
        fontsize=8,
        color=GREY,
        x=0.01,
        ha="left",
    )
    return figure


def _shown(stage: Stage) -> _Shown:
    values = stage.output
    if values.ndim == 1:
        return _Shown(values[:, None], WIDE if stage.kind == "Softmax" else NARROW)
    maps = values.transpose(2, 0, 1)
    if stage.kind == "image":
        return _Shown(1 - maps[0], WIDE)
    columns = _columns(len(maps))
    most = _most(values)
    larger = -(-PIXELS // maps.shape[1])  # so that gaps are narrow beside small maps
    maps = maps.repeat(larger, axis=1).repeat(larger, axis=2)
    picture = montage(maps / most, columns, frame=np.nan, gap=PIXELS // 20)
    return _Shown(picture, HEIGHT * picture.shape[1] / picture.shape[0])


def _most(values: np.ndarray) -> float:
    """What is drawn brightest: the most of them, unless that is not above 0."""
    return float(values.max(initial=0)) or 1.0


def _columns(count: int) -> int:
    """Of a mosaic that is about twice as high as wide, without a gap where it can be.

    64 maps stand in eight rows of eight, as four columns would make them too small.
    """
    fitting = [number for number in range(1, count + 1) if count % number == 0]
    return next(number for number in fitting if number * number * 2 >= count)


def _draw_values(axes: Axes, picture: np.ndarray, stage: Stage) -> None:
    maps = stage.output.ndim > 1
    grey = stage.kind == "image"
    axes.imshow(
        picture,
        cmap="gray" if grey else MAPS,
        vmin=0,
        vmax=1 if maps else _most(picture),
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
        inside = probability > HALF
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
    return f"{100 * probability:.1f} %" if probability >= LEAST else "0 %"
