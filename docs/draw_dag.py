"""Draw docs/dag.png, the flowchart that Kedro-Viz opens with: ``make dag``."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

PROJECT = Path(__file__).parents[1]
PICTURE = PROJECT / "docs" / "dag.png"
SIZE = {"width": 1500, "height": 900}
STATE = """localStorage.setItem("KedroViz", JSON.stringify({
    theme: "light", showFeatureHints: false, visible: {sidebar: false, miniMap: false}
}))"""
HIDDEN = """
.update-reminder, .pipeline-toolbar, .pipeline-primary-toolbar, .pipeline-minimap,
.pipeline-global-toolbar, .pipeline-minimap-toolbar, .pipeline-sidebar,
[class*="update-reminder"], [class*="toolbar"] { display: none !important }
"""
MARGIN = 24  # pixels around the flowchart


def main() -> None:
    """Start Kedro-Viz, and save a picture of its flowchart."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("expected Chromium, found none; install it, for example with apt")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kedro", "viz", "run", "--no-browser"]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [*command, "--port", str(port)], cwd=PROJECT, start_new_session=True
    )
    try:
        wait_for(address)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            page = browser.new_page(viewport=SIZE)
            page.add_init_script(STATE)
            page.goto(address)
            page.locator(".pipeline-node").first.wait_for()
            page.add_style_tag(content=HIDDEN)
            time.sleep(3)  # the flowchart moves into its place
            boxes = [
                node.bounding_box() for node in page.locator(".pipeline-node").all()
            ]
            left = min(box["x"] for box in boxes) - MARGIN
            top = min(box["y"] for box in boxes) - MARGIN
            right = max(box["x"] + box["width"] for box in boxes) + MARGIN
            bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
            clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
            page.screenshot(path=PICTURE, clip=clip)
            browser.close()
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # Kedro-Viz starts a second process
    print(f"{PICTURE.relative_to(Path.cwd())}: {PICTURE.stat().st_size / 1000:.0f} kB")


def wait_for(address: str) -> None:
    """Wait until Kedro-Viz answers, at most two minutes."""
    for _ in range(120):
        try:
            urlopen(f"{address}/api/main", timeout=5).close()  # noqa: S310 (http)
        except (URLError, TimeoutError):
            time.sleep(1)
        else:
            return
    sys.exit("expected Kedro-Viz to answer within two minutes")


if __name__ == "__main__":
    main()
