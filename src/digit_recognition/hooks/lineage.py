"""Record the origin of results: loaded datasets, code, packages and processor."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.runtime import processor


class LineageHooks:
    """Record what the results of a run were made with.

    The record contains the processor, the git commit of the code, the versions of the
    packages, and the versions of the datasets that the run loads.
    """

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Keep the catalog, to look up the versions of datasets later."""
        self._catalog = catalog
        self._versions: dict[str, str] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Save a record of the run's code, packages and processor, if a node loads it.

        The node loads the record as the dataset ``lineage``. The versions of datasets
        are added to the record later, when the run loads the datasets.
        """
        if "lineage" in pipeline.inputs():
            catalog.save(
                "lineage",
                {
                    "versions": self._versions,
                    "code_revision": code_revision(Path(__file__)),
                    "processor": processor(),
                    "python_version": platform.python_version(),
                    **{
                        f"{package}_version": metadata.version(package)
                        for package in ("tensorflow", "keras", "kedro")
                    },
                },
            )

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Add the version of a dataset to the record, before the dataset is loaded."""
        dataset = self._catalog.get(dataset_name)
        if isinstance(dataset, AbstractVersionedDataset):
            version = dataset.resolve_load_version()
            if version:
                self._versions[dataset_name] = version


def code_revision(file: Path) -> str:
    """Return the git commit of the repository that holds ``file``.

    ``-dirty`` is added if the working tree has changed or untracked files. Returns
    ``unknown`` if git is not installed or does not track the file.
    """

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=file.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", file.name)
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "-s") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
