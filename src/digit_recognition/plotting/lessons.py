"""Draw simple figures for the notebooks, such as tables of numbers, bars and lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, Normalize
from matplotlib.figure import Figure

from digit_recognition.plotting.style import BLUE, BROWN, GREY, RED

COLOURS = (BROWN, BLUE, GREY, RED)
DARK = 0.55
"""``draw_values`` prints a number in white if its absolute value is above this fraction
of ``maximum``, and in black otherwise."""


def draw_values(
    grids: Mapping[str, np.ndarray],
    number_format: str = "g",
    maximum: float | None = None,
    cell_size: float = 0.34,
) -> Figure:
    """Draw arrays (h, w) side by side as tables of numbers, each below its name.

    Cells with larger absolute values are darker. If any value is negative, negative
    values are red and positive values are blue. Otherwise, all cells are grey.

    ``number_format`` is a format specification such as ``".2f"``. If it is empty, no
    numbers are shown. Cells whose absolute value is ``maximum`` or more have the
    darkest colour. By default, ``maximum`` is the largest absolute value in all arrays.
    ``cell_size`` is the side of a cell in inches.
    """
    arrays = [np.asarray(grid) for grid in grids.values()]
    widths = [max(array.shape[1], 4) for array in arrays]
    height = max(array.shape[0] for array in arrays)
    figure = Figure(
        figsize=(
            cell_size * (sum(widths) + 2 * len(arrays)),
            cell_size * (height + 2),
        ),
        layout="constrained",
    )
    axes = figure.subplots(1, len(arrays), squeeze=False, width_ratios=widths)[0]
    maximum = maximum or max(np.abs(array).max() for array in arrays) or 1.0
    signed = any(array.min() < 0 for array in arrays)
    norm = CenteredNorm(halfrange=maximum) if signed else Normalize(0, maximum)
    for axis, name, array in zip(axes, grids, arrays, strict=True):
        axis.imshow(array, cmap="RdBu" if signed else "Greys", norm=norm)
        axis.set_title(name, fontsize=10)
        axis.set_xticks(np.arange(array.shape[1] + 1) - 0.5, labels=[])
        axis.set_yticks(np.arange(array.shape[0] + 1) - 0.5, labels=[])
        axis.grid(color=GREY, linewidth=0.3)
        axis.tick_params(length=0)
        for (row, column), value in np.ndenumerate(array if number_format else []):
            axis.text(
                column,
                row,
                format(value, number_format),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if abs(value) > DARK * maximum else "black",
            )
    return figure


def draw_pictures(
    pictures: Mapping[str, np.ndarray], columns: int | None = None, width: float = 9
) -> Figure:
    """Draw pictures in rows, each picture below its name.

    A grey picture is (h, w) in 0..1, where 1 is white. An RGB picture is (h, w, 3),
    either in 0..1 or uint8. ``columns`` is the number of pictures per row. By default,
    all pictures are in one row. ``width`` is the width of the figure in inches.
    """
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    lines = 1 + max(name.count("\n") for name in pictures)
    side = max(len(picture) / picture.shape[1] for picture in pictures.values())
    height = rows * (width / columns * side + 0.1 + 0.2 * lines)
    figure = Figure(figsize=(width, height), layout="constrained")
    all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in all_axes:
        axes.set_axis_off()
    for axes, (name, picture) in zip(all_axes, pictures.items(), strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
        axes.set_title(name, fontsize=10)
    return figure


def draw_bars(
    values: Mapping[str, float], label: str, number_format: str = "g"
) -> Figure:
    """Draw one horizontal bar per value, with its name on the left.

    The value is written at the end of the bar. ``label`` is the title of the x axis.
    """
    figure = Figure(figsize=(7, 0.32 * len(values) + 0.8), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(values), list(values.values()), color=BLUE)
    numbers = [format(value, number_format) for value in values.values()]
    axes.bar_label(bars, numbers, padding=4)
    axes.margins(x=0.12)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.invert_yaxis()
    return figure


def draw_groups(
    groups: Mapping[str, Sequence[float]], x_label: str, y_label: str
) -> Figure:
    """Draw grouped bars, with one colour per name.

    ``groups`` maps each name to its values. Each group of bars has one value of each
    name. For example, ``{"a": [1, 2], "b": [3, 4]}`` gives two groups: the first has
    the bars 1 and 3, the second has the bars 2 and 4.
    """
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(groups)
    for number, (name, values) in enumerate(groups.items()):
        shift = (number - (len(groups) - 1) / 2) * width
        places = np.arange(len(values)) + shift
        axes.bar(
            places,
            values,
            0.95 * width,
            label=name,
            color=COLOURS[number % len(COLOURS)],
        )
    axes.set_xticks(range(len(values)))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(groups), frameon=False)
    return figure


def draw_lines(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_label: str,
    y_label: str,
    log: bool = False,
) -> Figure:
    """Draw lines in one diagram.

    ``lines`` maps the name of each line to a pair (x values, y values). If ``log`` is
    true, the y axis is logarithmic.
    """
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    _draw_lines(axes, lines, x_label, log, "-")
    axes.set_ylabel(y_label)
    return figure


def draw_panels(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]],
    x_label: str,
    log: Collection[str] = (),
) -> Figure:
    """Draw several panels of lines side by side.

    ``panels`` maps the title of each panel to its lines, given as in ``draw_lines``.
    Every point is also drawn as a dot, so that a line of one point is visible. ``log``
    holds the titles of the panels with a logarithmic y axis.
    """
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        _draw_lines(axis, lines, x_label, title in log, ".-")
        axis.set_title(title)
    return figure


def _draw_lines(
    axes: Axes,
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_label: str,
    log: bool,
    style: str,
) -> None:
    for (name, (x, y)), colour in zip(lines.items(), cycle(COLOURS), strict=False):
        axes.plot(x, y, style, markersize=4, label=name, color=colour)
    axes.set_xlabel(x_label)
    axes.set_yscale("log" if log else "linear")
    axes.spines[["top", "right"]].set_visible(False)
    if len(lines) > 1:
        axes.legend(frameon=False)
