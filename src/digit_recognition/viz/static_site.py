"""Kedro-Viz with its previews as a static site: ``make site``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from digit_recognition.errors import ProjectError

PARTS = ("index.html", "404.html", "favicon.ico", "assets", "api")
LEFT_OUT = (".vite", "autoreload.html", "telemetry.html")
SHOWN = ("metrics", "confusion_matrix")
"""What `kedro run` makes and the site must show."""


def build_site(project: Path) -> Path:
    """The folder ``site`` in the project's, with no absolute path in it.

    It replaces an older one, and is to be served from any place of any web server.
    Raises ProjectError without results to show.
    """
    _build(project)
    built, site, new = (project / name for name in ("build", "site", ".new-site"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for part in PARTS:
        shutil.move(built / part, new / part)
    for leftover in LEFT_OUT:
        shutil.rmtree(built / leftover, ignore_errors=True)
        (built / leftover).unlink(missing_ok=True)
    if not any(built.iterdir()):
        built.rmdir()
    try:
        _check_previews(new)
        make_relative(new / "api", project)
    except ProjectError:
        shutil.rmtree(new)
        raise
    shutil.rmtree(site, ignore_errors=True)
    return new.rename(site)


def make_relative(api: Path, project: Path) -> None:
    """Name files as seen from the project, in all of the site's data.

    Of files elsewhere the name alone is kept. Raises ProjectError where the path of
    the project, or of the person's home, is left within a text.
    """
    private = {f"{folder}/" for folder in (project, Path.home())} - {"//"}
    for file in sorted(api.rglob("*")):
        if file.is_file():
            content = _relative(json.loads(file.read_text()), project)
            text = json.dumps(content, ensure_ascii=False)
            for found in sorted(place for place in private if place in text):
                raise ProjectError(
                    f"expected no path of this machine in the site, found {found} in "
                    f"{file.relative_to(api)}; take it out of the dataset or parameter "
                    "that it is shown for"
                )
            file.write_text(text)


def _relative(content: Any, project: Path) -> Any:
    if isinstance(content, list):
        return [_relative(item, project) for item in content]
    if isinstance(content, dict):
        return {key: _relative(value, project) for key, value in content.items()}
    return _shortened(content, project) if isinstance(content, str) else content


def _shortened(path: str, project: Path) -> str:
    if not Path(path).is_absolute() or "\n" in path:
        return path
    if Path(path).is_relative_to(project):
        return Path(path).relative_to(project).as_posix()
    return Path(path).name


def _build(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "viz", "build", "--include-previews"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not (project / "build" / "index.html").exists():
        raise ProjectError(
            "expected `kedro viz build --include-previews` to build a site, received "
            f"exit code {done.returncode}: {(done.stderr or done.stdout).strip()}"
        )


def _check_previews(site: Path) -> None:
    nodes = json.loads((site / "api" / "main").read_text())["nodes"]
    known = {node["name"]: node["id"] for node in nodes}
    for name in SHOWN:
        node = json.loads((site / "api" / "nodes" / known[name]).read_text())
        if not node.get("preview"):
            raise ProjectError(
                f"expected results to show, received no {name} yet; make them with "
                "`kedro run`"
            )


def main() -> None:
    """Build the site of the project in the current folder, and say where it is."""
    try:
        site = build_site(Path.cwd())
    except ProjectError as error:
        sys.exit(f"Error: {error}")
    print(
        f"The site is in {site.name}/; look at it with: python -m http.server -d site"
    )


if __name__ == "__main__":
    main()
