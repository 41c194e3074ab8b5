"""Versions: what is loaded belongs together, what is saved appears whole.

Kedro has no public way to set a dataset's version once the catalog is made, so these
hooks set ``_version`` and ``_filepath``, as Kedro's own ``catalog.load(name, version)``
does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.pipeline import Pipeline
from kedro_datasets.partitions import PartitionedDataset

from digit_recognition.errors import ProjectError


class VersionHooks:
    """See to it that what is loaded together belongs together."""

    records: ClassVar = {
        "training": ("model",),
        "validation_predictions": ("model",),
        "history": ("model",),
        "detector_training": ("detector",),
        "detector_predictions": ("detector",),
        "dataset_info": ("x_train", "x_test"),
    }
    """Records, loaded in the version of what they describe."""

    labels: ClassVar = {"y_train": ("x_train",), "y_test": ("x_test",)}
    """Labels, loaded in the version of their images where that was named."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Settle which versions are loaded, and say at once what is missing."""
        named = run_params["load_versions"] or {}
        _refuse_to_name_outputs(named.keys() & pipeline.all_outputs())
        if not run_params["only_missing_outputs"]:
            for name in pipeline.all_outputs():
                _read_back_own(catalog.get(name))
        inputs = pipeline.inputs()
        _require(inputs, named, catalog)
        for name in inputs - named.keys():
            for leader in self.records.get(name, ()):
                if leader in inputs:
                    self._follow(name, leader, catalog)
            for leader in self.labels.get(name, ()):
                if leader in named:
                    self._follow(name, leader, catalog)

    @staticmethod
    def _follow(name: str, leader: str, catalog: DataCatalog) -> None:
        dataset = catalog[name]
        shared = catalog[leader].resolve_load_version()
        if shared in dataset.list_versions(full_path=False):
            dataset._version = Version(shared, dataset.resolve_save_version())
        elif leader in ("model", "detector"):
            raise ProjectError(
                f"expected {name} beside the {leader} of version {shared}, received "
                f"none in {_short(dataset)}; name another {leader} with "
                "--load-versions, or make a new one with `kedro run`"
            )


class WholeVersionHooks:
    """Let a version on a local disk appear whole or not at all.

    It is written aside, into ``.saving-NAME-VERSION`` beside its folder, and renamed
    into its place: what a killed run was writing never counts as a version.
    """

    @hook_impl
    def before_pipeline_run(self, catalog: DataCatalog) -> None:
        """Keep the catalog; nothing is being saved yet."""
        self._catalog = catalog
        self._aside: dict[str, PurePosixPath] = {}

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Send what is about to be saved aside."""
        dataset = self._catalog.get(dataset_name)
        if _is_versioned(dataset) and getattr(dataset, "_protocol", "") == "file":
            place = dataset._filepath
            folder = f".saving-{dataset_name}-{dataset.resolve_save_version()}"
            self._aside[dataset_name] = place
            dataset._filepath = place.parent / folder / place.name

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Rename the version, which is whole now, into its place."""
        if dataset_name not in self._aside:
            return
        dataset = self._catalog.get(dataset_name)
        version = dataset.resolve_save_version()
        written = Path(dataset._filepath) / version
        self._put_back(dataset_name)
        place = Path(dataset._filepath) / version
        place.parent.mkdir(parents=True, exist_ok=True)
        written.rename(place)
        shutil.rmtree(written.parent.parent)
        dataset.release()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Remove what was written of a version that did not become whole."""
        for name in list(self._aside):
            folder = Path(self._catalog.get(name)._filepath).parent
            self._put_back(name)
            shutil.rmtree(folder, ignore_errors=True)

    def _put_back(self, name: str) -> None:
        self._catalog.get(name)._filepath = self._aside.pop(name)


def _refuse_to_name_outputs(made: Iterable[str]) -> None:
    if made:
        raise ProjectError(
            "expected in --load-versions only what the run loads, received "
            f"{', '.join(sorted(made))}, which it makes itself; run the later pipeline "
            "alone, such as `kedro run --pipeline evaluate`"
        )


def _read_back_own(dataset: Any) -> None:
    """Two runs at once never read each other's results as their own."""
    if _is_versioned(dataset):
        saved = dataset.resolve_save_version()
        dataset._version = Version(saved, saved)


def _require(
    inputs: Iterable[str], named: dict[str, str], catalog: DataCatalog
) -> None:
    missing = [
        name
        for name in sorted(inputs, key=lambda name: (name != "model", name))
        if _is_made_by_runs(catalog.get(name)) and not catalog.get(name).exists()
    ]
    for name in missing:
        if name in named and _is_versioned(catalog[name]):
            raise ProjectError(
                f"expected {name} in {_short(catalog[name])}, received no version "
                f"{named[name]} of it; name another, or leave it to the newest"
            )
    if missing:
        raise ProjectError(
            f"expected {', '.join(missing)}, received none yet; `kedro run` makes "
            "all that is needed, and keeps it in data/"
        )


def _is_made_by_runs(dataset: Any) -> bool:
    """PartitionedDatasets hold all versions of what runs made."""
    return _is_versioned(dataset) or isinstance(dataset, PartitionedDataset)


def _is_versioned(dataset: Any) -> bool:
    return isinstance(dataset, AbstractVersionedDataset) and bool(dataset._version)


def _short(dataset: AbstractVersionedDataset) -> str:
    return "/".join(dataset._filepath.parts[-3:])
