"""Remove the temporary folders that killed runs left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.atomic import remove_abandoned


class LeftoverHooks:
    """Before a run, remove the temporary folders of processes that have ended."""

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Keep the configuration of all datasets, to look up their folders later."""
        self._conf_catalog = conf_catalog

    @hook_impl
    def before_pipeline_run(self, catalog: AtomicCatalog) -> None:
        """Remove the temporary folders that processes left behind when they ended."""
        places = _places(self._conf_catalog)
        if catalog.manifests:
            places.add(catalog.manifests.folder)
        for place in places:
            remove_abandoned(place)


def _places(conf_catalog: dict[str, Any]) -> set[Path]:
    """Return the local folders in which datasets create temporary folders."""
    places = set()
    for entry in conf_catalog.values():
        path = str(entry.get("filepath", "://"))
        if "://" in path:
            continue
        if entry.get("versioned"):
            places.add(Path(path).parent)
        elif str(entry.get("type")).endswith(("CheckpointsDataset", "JournalDataset")):
            places.add(Path(path))
    return places
