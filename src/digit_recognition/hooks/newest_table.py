"""Copy the newest table of readings to a place that is easy to find."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.atomic_catalog import is_local_version, saved_path

logger = logging.getLogger(__name__)


class NewestTableHooks:
    """Copy the table of readings to ``newest_readings.csv`` at the end of a run.

    ``readings.csv`` is a folder in which Kedro keeps all versions of the table. The
    copy is a file next to this folder. Users can open it without knowing about
    versions.
    """

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Copy the table of readings to ``newest_readings.csv``.

        If the copy cannot be written, a warning is logged.
        """
        if "readings" not in pipeline.all_outputs():
            return
        dataset = catalog.get("readings")
        if not is_local_version(dataset):
            return
        table = saved_path(dataset)
        newest = newest_table(table)
        try:
            with temporary_folder(newest.parent) as folder:
                copy = shutil.copyfile(table, folder / newest.name)
                copy.replace(newest)
        except OSError as error:
            logger.warning(
                "%s could not be replaced (%s): close it if a program has it open. The "
                "new table is %s",
                *(newest, error.strerror, table),
            )


def newest_table(table: Path) -> Path:
    """Return the path to which the newest table is copied.

    ``table`` is the path of the newest version of the table.

    >>> newest_table(Path("readings.csv/2026-01-31T12.00.00.000Z/readings.csv"))
    PosixPath('newest_readings.csv')
    """
    versions = table.parents[1]
    return versions.with_name(f"newest_{versions.name}")
