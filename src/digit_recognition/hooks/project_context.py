"""A Kedro context that gives notebooks and Kedro-Viz the same catalog as runs."""

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

    This context always uses the catalog class that is set in ``settings.py``. Outside
    of runs, Kedro's own context uses ``DataCatalog``, which neither saves atomically
    nor checks digests.
    """

    @property
    def catalog(self) -> CatalogProtocol:
        """A new catalog of the project, with the methods that `kedro catalog` needs."""
        catalog_class = compose_classes(
            settings.DATA_CATALOG_CLASS, CatalogCommandsMixin
        )
        return self._get_catalog(catalog_class)
