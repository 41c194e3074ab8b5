"""Refuse arrays that have changed since they were saved."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DatasetError, Version

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.atomic_catalog import is_versioned
from digit_recognition.digests import array_digest
from digit_recognition.errors import ProjectError

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
RECORD = "dataset_info"


class DamageHooks:
    """Compare loaded arrays with the digests that were saved with them.

    A manifest is a file with the digests of all files of a version. The catalog checks
    versions that have a manifest. This hook checks older versions, which were saved
    without a manifest. The digests of their arrays are in the record ``dataset_info``
    of the same version. An array is not checked if this record does not exist, or if
    the current run saved the array.
    """

    @hook_impl
    def after_catalog_created(self, catalog: AtomicCatalog) -> None:
        """Keep the catalog, which is needed later to check the arrays."""
        self._catalog = catalog

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Raise ProjectError if a loaded array has changed since it was saved."""
        if dataset_name not in ARRAYS:
            return
        dataset = self._catalog.get(dataset_name)
        record = self._catalog.get(RECORD)
        if not is_versioned(dataset) or not is_versioned(record):
            return
        version = dataset.resolve_load_version()
        if version == dataset.resolve_save_version():
            return
        if self._is_in_manifest(dataset):
            return
        if self._is_as_saved(dataset_name, version, data):
            return
        raise ProjectError(
            f"expected {dataset_name} as it was saved, received a damaged array from "
            f"{dataset._get_load_path()}; {self._advise(dataset_name, version)}"
        )

    def _is_in_manifest(self, dataset: Any) -> bool:
        manifests = self._catalog.manifests
        return bool(
            manifests and manifests.recorded(Path(dataset._get_load_path().parent))
        )

    def _is_as_saved(self, name: str, version: str | None, data: Any) -> bool:
        """Return whether the array's digest equals the digest in ``dataset_info``.

        Returns True if ``dataset_info`` has no digest for this version of the array.
        """
        record: Any = self._catalog.get(RECORD)
        if version not in record.list_versions(full_path=False):
            return True
        digests = record._copy(_version=Version(version, None)).load()["digests"]
        return name not in digests or digests[name] == array_digest(data)

    def _advise(self, name: str, damaged: str | None) -> str:
        again = "make the arrays again with `kedro run --pipelines prepare`"
        dataset: Any = self._catalog.get(name)
        for version in dataset.list_versions(full_path=False):
            if version == damaged:
                continue
            with contextlib.suppress(DatasetError):
                array = dataset._copy(_version=Version(version, None)).load()
                if self._is_as_saved(name, version, array):
                    return (
                        f"{again}, or load its newest undamaged version with "
                        f"--load-versions {name}:{version}"
                    )
        return again
