"""Load versions of datasets that belong together, such as a model and its records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version
from kedro.pipeline import Pipeline
from kedro_datasets.partitions import PartitionedDataset

from digit_recognition.datasets.atomic_catalog import is_local_version, is_versioned
from digit_recognition.datasets.readable import require_readable
from digit_recognition.errors import ProjectError

MODELS = {"model", "detector"}


class VersionHooks:
    """Load matching versions of models, records, images and labels.

    A record is loaded in the same version as the model or the arrays that it describes.
    If `--load-versions` sets the version of images, their labels are loaded in the same
    version.

    The hook sets ``_version`` of datasets. Kedro has no public way to set the version
    of a dataset in an existing catalog, and its own ``catalog.load(name, version)``
    also sets ``_version``.
    """

    records: ClassVar = {
        "training": ("model",),
        "validation_predictions": ("model",),
        "history": ("model",),
        "detector": ("model",),
        "detector_training": ("detector",),
        "detector_predictions": ("detector",),
        "dataset_info": ("x_train", "x_test"),
    }
    """Each key is a dataset. It is loaded in the version of the datasets in its value.

    For example, ``training`` is loaded in the version of ``model``. If the detector
    does not exist in the version of the model, it was trained in a later run. Its
    newest version is then loaded.
    """

    labels: ClassVar = {"y_train": ("x_train",), "y_test": ("x_test",)}
    """Each key is a dataset of labels. The value, a tuple, names the dataset of the
    images that have these labels. If `--load-versions` sets the version of the images,
    the labels are loaded in the same version."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Choose which version of each dataset the run loads.

        Raises ProjectError in these cases:

        - An input does not exist.
        - An input does not exist in the version that `--load-versions` names.
        - A record of a model, such as ``training``, does not exist in the same version
          as the model.
        - Permissions forbid reading an input.
        - `--load-versions` names an output of the run.
        """
        requested = run_params["load_versions"] or {}
        _refuse_outputs(requested.keys() & pipeline.all_outputs())
        if not run_params["only_missing_outputs"]:
            for name in pipeline.all_outputs():
                _load_own_version(catalog.get(name))
        inputs = pipeline.inputs()
        _require(inputs, requested, catalog)
        for name in inputs - requested.keys():
            _load_version_of_run(catalog.get(name))
        for name in inputs - requested.keys():
            for described in self.records.get(name, ()):
                if described in inputs:
                    self._load_same_version(name, described, catalog)
            for images in self.labels.get(name, ()):
                if images in requested:
                    self._load_same_version(name, images, catalog)

    @staticmethod
    def _load_same_version(name: str, other: str, catalog: DataCatalog) -> None:
        dataset: Any = catalog[name]
        described: Any = catalog[other]
        version = described.resolve_load_version()
        if version in dataset.list_versions(full_path=False):
            dataset._version = Version(version, dataset.resolve_save_version())
        elif other in ("model", "detector") and name != "detector":
            raise ProjectError(
                f"expected {name} in the {other}'s version {version}, received none in "
                f"{_short_path(dataset)}; choose another {other} with --load-versions, "
                "or train a new one with `kedro run`"
            )


def _refuse_outputs(names: Iterable[str]) -> None:
    if names:
        raise ProjectError(
            "expected in --load-versions only datasets that the run does not make, "
            f"received {', '.join(sorted(names))}; run the later pipeline alone, such "
            "as `kedro run --pipelines evaluate`"
        )


def _load_own_version(dataset: Any) -> None:
    """Make the run load an output in the version in which the run itself saves it.

    Otherwise, it might load a newer version that another run saves at the same time.
    """
    if is_versioned(dataset):
        version = dataset.resolve_save_version()
        dataset._version = Version(version, version)


def _load_version_of_run(dataset: Any) -> None:
    """Load an input in the version in which this run saves outputs, if it exists.

    It exists if an orchestrator runs each stage of a run separately, gives the same
    version to all stages, and an earlier stage has saved the input.
    """
    if is_versioned(dataset):
        version = dataset.resolve_save_version()
        if version in dataset.list_versions(full_path=False):
            dataset._version = Version(version, version)


def _require(
    inputs: Iterable[str], requested: dict[str, str], catalog: DataCatalog
) -> None:
    """Raise ProjectError if an input is missing or cannot be read.

    Models are checked last, because this imports TensorFlow, which takes seconds.
    """
    models = MODELS & set(inputs) - requested.keys()
    for names in (set(inputs) - models, models):
        _require_datasets(
            {name: catalog.get(name) for name in sorted(names)}, requested
        )


def _require_datasets(datasets: dict[str, Any], requested: dict[str, str]) -> None:
    for name, dataset in datasets.items():
        if isinstance(dataset, MemoryDataset) and not dataset.exists():
            _refuse_missing_in_memory(name)
    for name, dataset in datasets.items():
        if name not in requested:
            _require_readable(name, dataset)
    missing = {
        name: dataset
        for name, dataset in datasets.items()
        if _is_made_by_runs(dataset) and not dataset.exists()
    }
    for name, dataset in missing.items():
        if name in requested and is_versioned(dataset):
            raise ProjectError(
                f"expected {name} in {_short_path(dataset)}, received no version "
                f"{requested[name]} of it; choose another version, or leave the option "
                "out to load the newest"
            )
    if missing:
        raise ProjectError(
            f"expected {', '.join(missing)}, received none yet; `kedro run` makes "
            "all that is needed, and keeps it in data/"
        )


def _require_readable(name: str, dataset: Any) -> None:
    """Raise ProjectError if permissions forbid reading what the run would load."""
    if is_local_version(dataset):
        versions = Path(dataset._filepath)
        require_readable(name, versions, file=versions.name, all_of_them=False)
    elif isinstance(dataset, PartitionedDataset) and dataset._protocol == "file":
        file = dataset._filename_suffix.strip("/")
        require_readable(name, Path(dataset._path), file=file, all_of_them=True)


def _refuse_missing_in_memory(name: str) -> None:
    """Raise ProjectError if a missing dataset is the output of a node.

    ``name`` is a dataset that is kept in memory only. It cannot come from an earlier
    run, so this run must include the node that makes it.
    """
    for pipeline in list(pipelines.values()):
        for node in pipeline.nodes:
            if name in node.outputs:
                raise ProjectError(
                    f"expected a run that makes {name}, which is kept in memory only, "
                    f"received one that starts after it; start from {node.short_name}: "
                    f"--from-nodes {node.short_name}"
                )


def _is_made_by_runs(dataset: Any) -> bool:
    """Return whether the dataset is made by runs of this project.

    This is true of versioned datasets. It is also true of a PartitionedDataset, which
    contains all versions of another dataset.
    """
    return is_versioned(dataset) or isinstance(dataset, PartitionedDataset)


def _short_path(dataset: AbstractVersionedDataset) -> str:
    return "/".join(dataset._filepath.parts[-3:])
