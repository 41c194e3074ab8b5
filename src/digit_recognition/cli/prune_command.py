"""`kedro prune`: list the versions of results, and remove old ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from kedro.utils import find_kedro_project

from digit_recognition.datasets.csv_safety import escape_message


def _parse_age(
    context: click.Context, option: click.Parameter, value: str | None
) -> timedelta | None:
    if value is None:
        return None
    if not (days := re.fullmatch(r"(\d{1,5})d", value)):
        raise click.BadParameter(
            f"expected a number of days such as 30d, received {value!r}",
            context,
            option,
        )
    return timedelta(days=int(days[1]))


@click.command()
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=0),
    help="Remove versions that are not among the newest N.",
)
@click.option(
    "--older-than",
    metavar="DAYS",
    callback=_parse_age,
    help="Remove versions older than this, such as 30d. With --keep, both must hold.",
)
@click.option("--yes", is_flag=True, help="Remove them; otherwise only list them.")
def prune(keep: int | None, older_than: timedelta | None, yes: bool) -> None:
    """List the versions of results, and remove old ones.

    These are never removed: the newest version of each result, the newest version whose
    model can be evaluated and exported, and all versions that the remaining ones were
    made from. Use this command only while no run is in progress.
    """
    from digit_recognition.cli.pruning import (
        find_needed,
        find_versions,
        remove_versions,
    )

    if yes and keep is None and older_than is None:
        raise click.UsageError(
            "expected --keep or --older-than beside --yes, received neither; say which "
            "versions to remove"
        )
    project = find_kedro_project(Path.cwd()) or Path.cwd()
    try:
        versions = find_versions(project)
        candidates = set() if keep is None and older_than is None else {*versions}
        candidates -= {*list(versions)[: keep or 0]}
        if older_than is not None:
            end = datetime.now(UTC) - older_than
            candidates = {name for name in candidates if versions[name].time < end}
        needed = find_needed(versions, versions.keys() - candidates)
        removed = [v for name, v in versions.items() if name not in needed]
        click.echo(f"{'version':<24}  {'MB':>9}  {'results':>7}  {'':<6}  made from")
        for name, version in versions.items():
            state = "needed" if name in candidates & needed else ""
            state = state if name in needed else "remove"
            click.echo(
                f"{name}  {version.size / 1e6:9,.1f}  {len(version.folders):7}  "
                f"{state:<6}  {', '.join(sorted(version.refers_to))}".rstrip()
            )
        size = sum(version.size for version in removed) / 1e6
        found = f"{len(removed):,} of {len(versions):,} versions, {size:,.1f} MB"
        if not removed:
            click.echo("Nothing to remove.")
        elif not yes:
            click.echo(f"Would remove {found}. Add --yes to remove them.")
        else:
            for version in remove_versions(removed):
                click.echo(f"Removed {version.name}.")
            click.echo(f"Removed {found}.")
    except OSError as error:
        raise click.ClickException(
            escape_message(
                f"expected to read and remove versions in {project / 'data'}, received "
                f"{error}; check the permissions and run the command again"
            )
        ) from error
