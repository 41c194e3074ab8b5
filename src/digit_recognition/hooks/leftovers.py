"""A run removes what killed runs have left in the folders of the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets.atomic import remove_abandoned


class LeftoverHooks:
    """Remove unfinished saves of processes that have ended, before a run."""

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Keep the configuration: it names datasets that this run does not use."""
        self._conf_catalog = conf_catalog

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Remove the leftovers beside and in each dataset's folder."""
        for place in _places(self._conf_catalog):
            remove_abandoned(place)


def _places(conf_catalog: dict[str, Any]) -> set[Path]:
    """Return the local folders in which datasets make their temporary folders."""
    places = set()
    for entry in conf_catalog.values():
        path = str(entry.get("filepath", "://"))
        if "://" in path:
            continue
        if entry.get("versioned"):
            places.add(Path(path).parent)
        elif "CheckpointsDataset" in str(entry.get("type")):
            places.add(Path(path))
    return places
