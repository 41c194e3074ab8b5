"""Define `kedro verify`, which compares results with their saved SHA-256 digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
from kedro.io import DatasetError
from kedro.utils import find_kedro_project

from digit_recognition.datasets.csv_safety import escape_message
from digit_recognition.datasets.manifests import Manifests, State

from .result_folders import result_folders, version_folders


class Row(NamedTuple):
    """The state of one version of a dataset.

    If the state is ``damaged`` or ``not readable``, ``path`` is the file or folder that
    has this state. Otherwise, ``path`` is the version's folder.
    """

    version: str
    dataset: str
    state: State
    path: Path


BAD = (State.DAMAGED, State.NOT_READABLE)


@click.command()
@click.argument("version", required=False)
def verify(version: str | None) -> None:
    """Check that results are as they were saved.

    Checks all versions, or only VERSION if it is given. The files are compared with
    their SHA-256 digests. The state of a result is `good`, `damaged`, `missing`,
    `not readable` or `no digest`. A result is missing if its files were removed. It has
    no digest if the run was killed before the digest was saved, or if the project did
    not yet save digests when the result was made. The exit code is 1 if a result is
    damaged or not readable.
    """
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    try:
        found = find_all_versions(project)
    except OSError as error:
        raise click.ClickException(
            f"expected to read the versions of results, received {error}; change the "
            "permissions and run the command again"
        ) from error
    if version and version not in found:
        known = f"existing: {', '.join(found[:5])}" if found else "there is none yet"
        raise click.ClickException(
            escape_message(
                f"expected a version of results, received {version}; {known}"
            )
        )
    count: Counter[State] = Counter()
    click.echo(f"{'version':<24}  {'dataset':<22}  state")
    for row in verify_versions(project, [version] if version else found):
        count[row.state] += 1
        line = f"{row.version}  {row.dataset:<22}  {row.state}"
        if row.state in BAD:
            line += f"  {_shorten(row.path, project)}"
        click.echo(escape_message(line))
    click.echo(", ".join(f"{count[state]:,} {state}" for state in State) + ".")
    if bad := sum(count[state] for state in BAD):
        raise click.ClickException(
            f"expected good results, received {bad:,} damaged or not readable; make "
            "them again with `kedro run`, or load good versions with --load-versions"
        )


def find_all_versions(project: Path) -> list[str]:
    """Return the versions that have results or a manifest, newest first.

    A manifest is the file with the digests of one version. ``project`` is the project's
    top folder. Raises PermissionError if permissions forbid reading the folder of a
    dataset.
    """
    versions = {*Manifests(project).versions()}
    for folder in result_folders(project).values():
        versions.update(path.name for path in version_folders(folder))
    return sorted(versions, reverse=True)


def verify_versions(project: Path, versions: list[str]) -> Iterator[Row]:
    """Yield a row for each dataset of each version.

    The manifest of a version lists the digests of its files. If the manifest is damaged
    or cannot be read, the version has only one row. This row has the state ``damaged``,
    and the word ``manifest`` in place of a dataset's name.

    A manifest may also list a folder that belongs to no dataset of the catalog. The row
    of such a folder has its path in place of a dataset's name.
    """
    manifests = Manifests(project)
    names = {folder: name for name, folder in result_folders(project).items()}
    for version in versions:
        try:
            listed = {project / folder for folder in manifests.folders(version)}
        except DatasetError:
            yield Row(version, "manifest", State.DAMAGED, manifests.path(version))
            continue
        for place in [*names, *sorted(listed - names.keys())]:
            if place in listed or (place / version).is_dir():
                name = names.get(place) or _shorten(place, project)
                yield Row(version, name, *manifests.examine(place / version))


def _shorten(path: Path, project: Path) -> str:
    return str(path.relative_to(project) if path.is_relative_to(project) else path)
