"""What happens around a run: checks before it, records during it, a word after it."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import settings
from kedro.io import AbstractVersionedDataset, DataCatalog, Version
from kedro.pipeline import Pipeline

from digit_recognition.datasets.mnist_dataset import (
    NAMES,
    SAMPLE,
    THREE_WAYS,
    identify_dataset,
)
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import nearest

logger = logging.getLogger(__name__)


class KnownParametersHooks:
    """Refuse a key in `--params` that no parameter has; Kedro keeps it silently."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Hold the keys given at the start of the run against those of the files."""
        loader = context.config_loader
        if not loader.runtime_params:
            return
        files_only = type(loader)(
            conf_source=loader.conf_source,
            env=loader.env,
            **settings.CONFIG_LOADER_ARGS,
        )
        known = _dotted(files_only["parameters"])
        for key in _dotted(loader.runtime_params):
            if key not in known:
                raise ProjectError(
                    f"expected a known parameter in --params, received {key!r}; "
                    f"{_suggest(key, known)}"
                )


class VersionHooks:
    """See to it that what is loaded together belongs together."""

    records: ClassVar = {"training": ("model",), "dataset_info": ("x_train", "x_test")}
    """Records, loaded in the version of what they describe."""

    labels: ClassVar = {"y_train": ("x_train",), "y_test": ("x_test",)}
    """Labels, loaded in the version of their images where that was named."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Settle which versions are loaded, and say at once what is missing."""
        named = run_params["load_versions"] or {}
        if not run_params["only_missing_outputs"]:
            for name in pipeline.all_outputs() - named.keys():
                self._read_back_own(name, catalog)
        inputs = sorted(pipeline.inputs())
        for name in inputs:
            self._require(name, catalog)
        for name in set(inputs) - named.keys():
            for leader in self.records.get(name, ()):
                if leader in inputs:
                    self._follow(name, leader, catalog)
            for leader in self.labels.get(name, ()):
                if leader in named:
                    self._follow(name, leader, catalog)

    @staticmethod
    def _read_back_own(name: str, catalog: DataCatalog) -> None:
        """Two runs at once never read each other's results as their own."""
        dataset = catalog.get(name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            saved = dataset.resolve_save_version()
            dataset._version = Version(saved, saved)

    @staticmethod
    def _require(name: str, catalog: DataCatalog) -> None:
        dataset = catalog.get(name)
        if not isinstance(dataset, AbstractVersionedDataset) or dataset.exists():
            return
        wanted = dataset._version.load if dataset._version else None
        raise ProjectError(
            f"expected {name} at {_short(dataset)}, received "
            + (f"no version {wanted} of it; " if wanted else "none yet; ")
            + "`kedro run` makes it"
            + (", and without --load-versions the newest is taken" if wanted else "")
        )

    @staticmethod
    def _follow(name: str, leader: str, catalog: DataCatalog) -> None:
        dataset = catalog[name]
        shared = catalog[leader].resolve_load_version()
        if shared in dataset.list_versions(full_path=False):
            dataset._version = Version(shared, dataset.resolve_save_version())
        elif name == "training":
            raise ProjectError(
                f"expected {name} beside the {leader} of version {shared}, received "
                f"none at {_short(dataset)}; name another {leader} with "
                "--load-versions, or make a new one with `kedro run`"
            )


class LineageHooks:
    """Record what a run really loaded, and with what code and machine."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the project's folder, whose revision is recorded."""
        self._project_path = context.project_path

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Keep the catalog, whose datasets know their versions."""
        self._catalog = catalog
        self._versions: dict[str, str] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Hand on the record, which grows as the run loads, to whoever asks for it."""
        if "lineage" in pipeline.inputs():
            catalog.save(
                "lineage",
                {
                    "versions": self._versions,
                    "code_revision": code_revision(self._project_path),
                    "processor": processor(),
                    "python_version": platform.python_version(),
                    **{
                        f"{package}_version": version(package)
                        for package in ("tensorflow", "keras", "kedro")
                    },
                },
            )

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Record the version that is about to be loaded."""
        dataset = self._catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset):
            loaded = dataset.resolve_load_version()
            if loaded:
                self._versions[dataset_name] = loaded


class SampleHooks:
    """Say at a run's start and end that it is on the sample, not on MNIST."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._on_sample = False

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Tell by the first thing loaded that names the dataset."""
        if self._on_sample:
            return
        if dataset_name == "mnist":
            (x_train, y_train), (x_test, y_test) = data
            arrays = (x_train, y_train, x_test, y_test)
            name = identify_dataset(dict(zip(NAMES, arrays, strict=True)))
        elif dataset_name in ("dataset_info", "training"):
            name = data["dataset"]
        else:
            return
        if name == SAMPLE:
            self._on_sample = True
            logger.warning(
                "This run is on a 5,000-image sample of MNIST, not on MNIST itself: "
                "its accuracy is lower and cannot be held beside MNIST's."
            )

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say it once more, where the result stands."""
        if self._on_sample:
            logger.warning(
                "These results are from the 5,000-image sample (dataset mnist-sample). "
                "For MNIST itself: %s.",
                THREE_WAYS.rsplit(", or allow", 1)[0],
            )


def code_revision(folder: Path) -> str:
    """The git commit that ``folder`` is at, with ``-dirty`` where files differ from it.

    ``unknown`` where git or the repository is missing.
    """
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    """The processor's name as the machine gives it, with the number of its cores."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {cores} cores"


def _dotted(values: dict[str, Any], prefix: str = "") -> list[str]:
    """Every key of nested dictionaries, as ``outer`` and ``outer.inner``."""
    keys = []
    for key, value in values.items():
        keys.append(f"{prefix}{key}")
        if isinstance(value, dict):
            keys += _dotted(value, f"{prefix}{key}.")
    return keys


def _suggest(key: str, known: list[str]) -> str:
    """The known key nearest to ``key``, or the one whose last part it is."""
    same_end = [name for name in known if name.rpartition(".")[2] == key]
    return f"did you mean {same_end[0]}?" if same_end else nearest(key, known)


def _short(dataset: AbstractVersionedDataset) -> str:
    return "/".join(dataset._filepath.parts[-3:])
