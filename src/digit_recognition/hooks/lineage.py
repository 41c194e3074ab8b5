"""Where a result came from: the versions loaded, the code, the machine."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.pipeline import Pipeline

from digit_recognition.runtime import processor


class LineageHooks:
    """Record what a run really loaded, and with what code and machine."""

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
                    "code_revision": code_revision(Path(__file__)),
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


def code_revision(file: Path) -> str:
    """The git commit of the repository that ``file`` belongs to.

    With ``-dirty`` where files differ from it or are not in it; ``unknown`` without
    git, outside of a repository, or where the repository does not hold the file.
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
