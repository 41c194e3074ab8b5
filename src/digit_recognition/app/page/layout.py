"""The web page, with the tabs Draw, Upload, Check and Report."""

from __future__ import annotations

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from importlib.resources import files
from typing import Any

import fastapi
import gradio as gr
from fastapi.middleware.cors import CORSMiddleware

from ..reading.service import Service
from .check_tab import build_check_tab
from .draw_tab import build_draw_tab
from .gate import Gate
from .report_tab import build_report_tab
from .upload_tab import build_upload_tab

FONTS = ("system-ui", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif")
"""Fonts that are installed on common systems; the page loads no other fonts."""


def build_page(service: Service) -> gr.Blocks:
    """Return the page, which reads digits with the model of ``service``."""
    with gr.Blocks(
        title="Digit Recognition",
        analytics_enabled=False,
        delete_cache=(600, 600),
    ) as page:
        gr.HTML(_header(service), apply_default_css=False)
        with gr.Tabs():
            with gr.Tab("Draw"):
                build_draw_tab(service)
            with gr.Tab("Upload"):
                uploads = build_upload_tab(service)
            with gr.Tab("Check") as check:
                build_check_tab(check, uploads, service)
            with gr.Tab("Report") as report:
                build_report_tab(report, service)
    return page


def mount_page(app: fastapi.FastAPI, service: Service) -> fastapi.FastAPI:
    """Add the page to ``app`` at the path /, and return ``app``.

    After this call, ``app`` refuses every request that the page does not need. So
    ``app`` must have no other routes: nobody could reach them.
    """
    page = build_page(service)
    # Without a CORS middleware in the app, Gradio adds its own. It lets scripts of any
    # web site read the answers, unless the server has an address such as localhost.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    mounted = gr.mount_gradio_app(app, page, path="/", **_options())
    # Gradio checks the paths of uploaded files only after `launch`, which is not called
    # here. Without this line, a request could name any file on the server.
    page.has_launched = True
    queued, direct = (
        {
            number: len(call.inputs)
            for number, call in page.fns.items()
            if bool(call.queue) is is_queued
        }
        for is_queued in (True, False)
    )
    mounted.add_middleware(Gate, queued=queued, direct=direct)
    return mounted


def _options() -> dict[str, Any]:
    return {
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "pwa": False,
        "mcp_server": False,
        "theme": _theme(),
        "css": (files(__package__) / "page.css").read_text("utf-8"),
    }


def _theme() -> gr.themes.Base:
    """Return Gradio's theme with system fonts and more contrast in small text."""
    theme = gr.themes.Default(
        primary_hue="blue", neutral_hue="slate", font=FONTS, font_mono=FONTS
    )
    return theme.set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )


def _header(service: Service) -> str:
    recipe, version = (service.metadata[name] for name in ("recipe", "model_version"))
    return (
        '<header class="top"><h1>Digit Recognition</h1>'
        f"<p>Model of {version[:10]}, recipe <i>{recipe}</i></p></header>"
    )
