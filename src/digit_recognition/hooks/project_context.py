"""Kedro's context, with the catalog of a run for notebooks and Kedro-Viz, too."""

from __future__ import annotations

from kedro.framework.context import (
    CatalogCommandsMixin,
    KedroContext,
    compose_classes,
)
from kedro.framework.project import settings
from kedro.io import CatalogProtocol


class ProjectContext(KedroContext):
    """A context whose catalog saves versions atomically and checks their digests.

    Kedro uses the catalog class of ``settings.py`` in runs only.
    """

    @property
    def catalog(self) -> CatalogProtocol:
        """A new catalog of the project, with the methods of `kedro catalog`."""
        catalog_class = compose_classes(
            settings.DATA_CATALOG_CLASS, CatalogCommandsMixin
        )
        return self._get_catalog(catalog_class)
