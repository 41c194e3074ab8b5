"""Before a run computes anything, check that every output can be saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.datasets.atomic_catalog import is_versioned, saved_path
from digit_recognition.errors import ProjectError


class OutputPlacesHooks:
    """Refuse a run whose outputs cannot be saved, before it computes anything."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Raise ProjectError if an output cannot be written or its version exists."""
        for name in sorted(pipeline.all_outputs()):
            dataset: Any = catalog.get(name)
            if getattr(dataset, "_protocol", "") != "file":
                continue
            place = Path(dataset._filepath)
            if is_versioned(dataset):
                _check_folder(name, place)
                _check_unused(name, saved_path(dataset).parent)
            else:
                _check_folder(name, place.parent)


def _check_folder(name: str, folder: Path) -> None:
    existing = next(path for path in (folder, *folder.parents) if _exists(path))
    if not existing.is_dir():
        raise ProjectError(
            f"expected a folder for {name} at {existing}, received a file; move it "
            "away, and run the same command again"
        )
    # A version is written beside the folder of versions and then renamed into it.
    for place in {existing, existing.parent if existing == folder else existing}:
        if not os.access(place, os.W_OK | os.X_OK):
            raise ProjectError(
                f"expected to write {name} into {place}, received no permission; make "
                "the folder writable, and run the same command again"
            )


def _check_unused(name: str, version: Path) -> None:
    if _exists(version):
        raise ProjectError(
            f"expected no version {version.name} of {name} yet, received one in "
            f"{version.parent}; run the same command again"
        )


def _exists(path: Path) -> bool:
    return os.path.lexists(path)
