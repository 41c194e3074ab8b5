"""Before a run computes anything, check that every output can be saved."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.atomic import claimed_name
from digit_recognition.datasets.atomic_catalog import (
    is_local_version,
    is_versioned,
    saved_path,
)
from digit_recognition.errors import ProjectError

_claim = ExitStack()


class OutputPlacesHooks:
    """Refuse a run whose outputs cannot be saved, before it computes anything.

    All outputs of a run are saved in one version, which is usually the time at which
    the run started, in milliseconds. The run claims its version. A second run that
    starts in the same millisecond is refused.
    """

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: AtomicCatalog) -> None:
        """Claim the version of the run, and check that each output can be saved.

        Raises ProjectError in these cases:

        - Another run has claimed the same version.
        - The folder of an output is not writable.
        - A file exists at the path where an output needs a folder.
        - An output already has this version.
        """
        end_claim()
        outputs = {name: catalog.get(name) for name in sorted(pipeline.all_outputs())}
        if catalog.manifests:
            _claim_versions(outputs.values(), catalog.manifests.folder)
        for name, dataset in outputs.items():
            if getattr(dataset, "_protocol", "") != "file":
                continue
            place = Path(dataset._filepath)
            if is_versioned(dataset):
                _check_folder(name, place)
                _check_unused(name, saved_path(dataset).parent)
            else:
                _check_folder(name, place.parent)
        if "checkpoints" in pipeline.inputs():
            checkpoints: Any = catalog.get("checkpoints")
            _check_folder("checkpoints", checkpoints.load().folder)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Release the version that the run claimed."""
        end_claim()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Release the version that the run claimed."""
        end_claim()


def end_claim() -> None:
    """Release the versions that the last run in this process claimed.

    A run usually claims one version. Until it is released, another run that would save
    its outputs in the same version is refused.
    """
    _claim.close()


def _claim_versions(outputs: Iterable[Any], manifests: Path) -> None:
    versions = {
        str(dataset.resolve_save_version())
        for dataset in outputs
        if is_local_version(dataset)
    }
    if versions:
        _check_folder("manifests", manifests)
        _claim.callback(_remove_if_empty, manifests)
    for version in sorted(versions):
        try:
            _claim.enter_context(claimed_name(manifests, version))
        except FileExistsError as error:
            raise ProjectError(
                f"expected no other run of version {version}, received one that began "
                "in the same millisecond; run the same command again"
            ) from error
        except OSError as error:
            raise ProjectError(
                f"expected to write into {manifests}, received {error}; check that the "
                "folder is writable and the disk not full"
            ) from error


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


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
