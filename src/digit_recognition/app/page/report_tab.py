"""The tab with the metrics and report pictures of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from ..reading.report import CHARTS
from ..reading.service import Service
from .report_view import show_pictures, show_report

TRANSPARENT = "rgba(0, 0, 0, 0)"


def build_report_tab(tab: gr.Tab, service: Service) -> None:
    """Add the contents of the tab Report to ``tab``.

    Each time a visitor opens the tab, the newest report is loaded.
    """
    facts = gr.HTML("", apply_default_css=False, elem_id="report")
    charts = [
        gr.Plot(visible=False, show_label=False, elem_classes="chart") for _ in CHARTS
    ]
    pictures = gr.HTML("", apply_default_css=False, elem_id="report-pictures")

    def load() -> list[Any]:
        report = service.report()
        figures = [_load_chart(report.charts.get(title)) for title in CHARTS.values()]
        return [
            show_report(report),
            *(gr.Plot(figure, visible=figure is not None) for figure in figures),
            show_pictures(report.pictures),
        ]

    tab.select(
        load,
        None,
        [facts, *charts, pictures],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def _load_chart(path: Path | None) -> Any:
    """Return the figure in a Plotly JSON file, or None if the file cannot be read.

    The figure's background is transparent, because the page's theme may be light or
    dark. The style sheet sets the colour of the text in the dark theme.
    """
    from plotly import io

    if path is None:
        return None
    try:
        figure = io.read_json(path)
    except (OSError, ValueError):  # just removed, or damaged
        return None
    # With a drag mode, a finger that starts on a chart could not scroll the page.
    return figure.update_layout(
        paper_bgcolor=TRANSPARENT, plot_bgcolor=TRANSPARENT, dragmode=False
    )
