"""Build a static Kedro-Viz site with previews of nodes and data.

``make site`` runs this module.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from digit_recognition.errors import ProjectError

SITE_FILES = ("index.html", "404.html", "favicon.ico", "assets", "api")
UNUSED_FILES = (".vite", "autoreload.html", "telemetry.html")
REQUIRED_RESULTS = ("metrics", "confusion_matrix")
"""Datasets that `kedro run` creates. If one of them is missing, no site is built."""


def build_site(project: Path) -> Path:
    """Build the site in the project's folder ``site``, and return that folder.

    The new site replaces an older one. A web server can serve the site under any URL
    path. Absolute file paths in the site are made relative to the project, or cut to
    the file name (see ``make_relative``). Raises ProjectError if there are no results
    to show, if the build fails, or if the site still contains the path of the project
    or of the user's home.
    """
    _require_results(project)
    _build(project)
    built, site, new = (project / name for name in ("build", "site", ".new-site"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for part in SITE_FILES:
        shutil.move(built / part, new / part)
    for leftover in UNUSED_FILES:
        shutil.rmtree(built / leftover, ignore_errors=True)
        (built / leftover).unlink(missing_ok=True)
    if not any(built.iterdir()):
        built.rmdir()
    try:
        make_relative(new / "api", project)
    except ProjectError:
        shutil.rmtree(new)
        raise
    shutil.rmtree(site, ignore_errors=True)
    return new.rename(site)


def make_relative(api: Path, project: Path) -> None:
    """Shorten the absolute paths in the site's data files, which are in ``api``.

    Paths inside the project become relative to the project. Other absolute paths are
    cut to the file name. Some strings in the data files contain a JSON object as text,
    such as the previews of JSON datasets. Paths in them are shortened, too. A path with
    other words around it, as in an error message, is not shortened. Raises ProjectError
    if a file still contains the path of the project or of the user's home.
    """
    private = {f"{folder}/" for folder in (project, Path.home())} - {"//"}
    for file in sorted(api.rglob("*")):
        if file.is_file():
            content = _relative(json.loads(file.read_text()), project)
            text = json.dumps(content, ensure_ascii=False)
            for found in sorted(path for path in private if path in text):
                raise ProjectError(
                    "expected no path of this machine in the site, received "
                    f"{found} in {file.relative_to(api)}; remove it from the dataset "
                    "or parameter that this file describes"
                )
            file.write_text(text)


def _relative(content: Any, project: Path) -> Any:
    if isinstance(content, list):
        return [_relative(item, project) for item in content]
    if isinstance(content, dict):
        return {key: _relative(value, project) for key, value in content.items()}
    if not isinstance(content, str):
        return content
    if content.startswith("{"):  # the preview of a JSON dataset
        with contextlib.suppress(ValueError):
            return json.dumps(_relative(json.loads(content), project))
    return _shortened(content, project)


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


def _require_results(project: Path) -> None:
    bootstrap_project(project)
    with KedroSession.create(project) as session:
        # By Kedro's type hints, ``with`` yields a session without this method.
        catalog = session.load_context().catalog  # type: ignore[attr-defined] # see above
        for name in REQUIRED_RESULTS:
            if not catalog.exists(name):
                raise ProjectError(
                    f"expected results to show, received no {name} yet; create them "
                    "with `kedro run`"
                )


def main() -> None:
    """Build the site of the project in the current folder, and print where it is."""
    try:
        site = build_site(Path.cwd())
    except ProjectError as error:
        sys.exit(f"Error: {error}")
    print(f"The site is in {site.name}/; view it with: python -m http.server -d site")


if __name__ == "__main__":
    main()
