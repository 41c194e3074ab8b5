"""Make an HTML page with Plotly charts. It needs no other file and no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

HEIGHT = 480
"""Height of a chart, in pixels."""

MIN_WIDTH = 900
"""Minimum width of the page, in pixels. On a narrower page, the charts' legends would
not fit."""


def charts_page(charts: Mapping[str, Path]) -> str:
    """Return the HTML of a page with all charts, one below the other.

    ``charts`` maps the name of each chart to its file in Plotly's JSON format. The page
    contains Plotly's JavaScript (5 MB), because MLflow does not load other files for a
    page.
    """
    from plotly.io import to_html

    parts = [
        to_html(
            json.loads(path.read_text(encoding="utf-8")),
            include_plotlyjs=number == 0,
            full_html=False,
            default_height=f"{HEIGHT}px",
            div_id=name,
            validate=False,
        )
        for number, (name, path) in enumerate(charts.items())
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<title>Charts</title></head><body style="min-width: {MIN_WIDTH}px">'
        f"{''.join(parts)}</body></html>"
    )
