"""A catalog that saves a version of a dataset completely or not at all."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from kedro.io import AbstractVersionedDataset, DataCatalog, DatasetError, Version
from kedro_datasets.partitions import PartitionedDataset

from digit_recognition.datasets.atomic import temporary_folder
from digit_recognition.datasets.damage import describe_damage
from digit_recognition.datasets.manifests import Manifests, digest_files
from digit_recognition.errors import ProjectError

SAVE_VERSION = "KEDRO_SAVE_VERSION"
VERSION_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


class AtomicCatalog(DataCatalog):
    """A catalog that saves versions on a local disk atomically.

    All versions of a dataset are in the dataset's folder. A new version is first
    written into a temporary folder. When the version is complete, a rename moves it
    into the dataset's folder. Incomplete files of a failed, interrupted or killed run
    therefore never count as a version.

    If ``manifests`` is set, the SHA-256 digests of a version's files are stored after
    the version is saved. Each load compares the files with these digests.

    Kedro has no public way to save a dataset to another path. Therefore ``save``
    changes the dataset's ``_filepath`` during the write.
    """

    manifests: Manifests | None = None

    @classmethod
    def from_config(
        cls,
        catalog: dict[str, dict[str, Any]] | None,
        credentials: dict[str, dict[str, Any]] | None = None,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> DataCatalog:
        """Return the catalog that a configuration describes.

        If the environment variable KEDRO_SAVE_VERSION is set, its value replaces
        ``save_version``. An orchestrator that runs each stage in a separate process can
        thus save all results under the same version. Raises ProjectError if the value
        is not a version such as 2026-01-31T12.00.00.000Z.
        """
        version = os.environ.get(SAVE_VERSION)
        if version is not None:
            _check_version(version)
        return super().from_config(
            catalog,
            credentials,
            load_versions,
            version or save_version,
            validation_enabled,
        )

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """Return the data of a dataset.

        For a versioned dataset, ``version`` is the version to load. If it is None, the
        version that the command-line option ``--load-versions`` gives for the dataset
        is loaded. If the option gives none, the newest version is loaded.

        Raises DatasetError if the data cannot be loaded. If the file of a version is
        damaged, the error message gives the reason, the path and what to do.
        """
        requested = Version(version, None) if version else None
        dataset: Any = self.get(ds_name, version=requested)
        if self.manifests and is_local_version(dataset) and dataset.exists():
            folder = Path(dataset._get_load_path()).parent
            self.manifests.require_undamaged(ds_name, folder)
        try:
            data = super().load(ds_name, version)
        except DatasetError as error:
            reason = _reason(error)
            if reason is None or not is_versioned(dataset):
                raise
            raise DatasetError(
                f"expected {ds_name} as it was saved, received a damaged file, or one "
                f"of another program ({reason}), from {dataset._get_load_path()}; "
                f"{_advise(ds_name, dataset)}"
            ) from error
        if self.manifests and isinstance(dataset, PartitionedDataset):
            folder = Path(dataset._path)
            return {
                name: partial(self._load_partition, ds_name, folder / name, load)
                for name, load in data.items()
            }
        return data

    def _load_partition(self, ds_name: str, folder: Path, load: Any) -> Any:
        """Compare the files of a partition with their digests, and return its data.

        ``ds_name`` is a PartitionedDataset. Each of its partitions is one version of
        another dataset. ``folder`` is the folder of this version, and ``load()``
        returns its data.
        """
        if self.manifests:
            self.manifests.require_undamaged(ds_name, folder)
        return load()

    def save(self, ds_name: str, data: Any) -> None:
        """Save the data; a version on a local disk is saved completely or not at all.

        Raises DatasetError if the data cannot be saved.
        """
        dataset = self[ds_name]
        if not is_local_version(dataset):
            super().save(ds_name, data)
            return
        versions = Path(dataset._filepath)
        try:
            with temporary_folder(versions.parent) as folder:
                dataset._filepath = PurePosixPath(folder / versions.name)
                try:
                    super().save(ds_name, data)
                finally:
                    dataset._filepath = PurePosixPath(versions)
                    dataset.release()
                (version,) = (folder / versions.name).iterdir()
                digests = digest_files(version) if self.manifests else {}
                versions.mkdir(exist_ok=True)
                version.rename(versions / version.name)
            if self.manifests:
                self.manifests.add(versions / version.name, digests)
            # Kedro-Viz shows the size of the file at ``filepath``.
            vars(dataset)["filepath"] = str(saved_path(dataset))
        except (OSError, DatasetError) as wrapper:
            error = _os_error(wrapper)
            if error is None:
                raise
            raise DatasetError(
                f"expected to save a version of {ds_name} in {versions}, received "
                f"{error}; check that the folder is writable and the disk not full"
            ) from error


def _check_version(version: str) -> None:
    if not VERSION_PATTERN.fullmatch(version):
        raise ProjectError(
            f"expected a time such as 2026-01-31T12.00.00.000Z in {SAVE_VERSION}, "
            f"received {version!r}; correct the variable or unset it"
        )


def _reason(error: DatasetError) -> str | None:
    """Return the first line of the message of the error that Kedro wrapped, or None.

    If a dataset raises a DatasetError, Kedro does not wrap it, and the result is None.
    Kedro wraps other errors in a DatasetError with a message that starts with "Failed
    while loading data".
    """
    wrapper = error.__cause__
    if wrapper is None or not str(wrapper).startswith("Failed while loading data"):
        return None
    return describe_damage(wrapper.__cause__ or wrapper)


def _os_error(error: OSError | DatasetError) -> OSError | None:
    """Return the OSError that made a save fail, or None.

    ``error`` is the OSError itself, or a DatasetError in which Kedro has wrapped it.
    The message of this DatasetError contains "Failed while saving". For any other
    DatasetError, the result is None.
    """
    cause: BaseException | None = error
    while not (cause is None or isinstance(cause, OSError)):
        cause = cause.__cause__
    if isinstance(error, DatasetError) and "Failed while saving" not in str(error):
        return None
    return cause


def _advise(name: str, dataset: AbstractVersionedDataset) -> str:
    loaded = dataset.resolve_load_version()
    versions = dataset.list_versions(full_path=False)
    others = [version for version in versions if version != loaded]
    again = "make it again with `kedro run`"
    if not others:
        return again
    return f"{again}, or load another version with --load-versions {name}:{others[0]}"


def is_local_version(dataset: Any) -> TypeGuard[AbstractVersionedDataset]:
    """Return whether the dataset is versioned and on a local disk."""
    return is_versioned(dataset) and getattr(dataset, "_protocol", "") == "file"


def saved_path(dataset: AbstractVersionedDataset) -> Path:
    """Return the path of the version that this run saves."""
    version = dataset.resolve_save_version()
    return Path(dataset._get_versioned_path(str(version)))


def is_versioned(dataset: Any) -> TypeGuard[AbstractVersionedDataset]:
    """Return whether the dataset's entry in the catalog says ``versioned: true``."""
    return isinstance(dataset, AbstractVersionedDataset) and bool(dataset._version)
