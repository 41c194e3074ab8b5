"""Give the catalog the manifests, which hold the digests of the results."""

from __future__ import annotations

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.manifests import Manifests


class ManifestHooks:
    """Let the catalog write and check the manifests in the project's folder."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the path of the project's folder for later."""
        self._project = context.project_path

    @hook_impl
    def after_catalog_created(self, catalog: AtomicCatalog) -> None:
        """Set the catalog's ``manifests``."""
        catalog.manifests = Manifests(self._project)
