"""Add the manifests to the catalog. A manifest lists the digests of a run's results."""

from __future__ import annotations

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.manifests import Manifests


class ManifestHooks:
    """Let the catalog write and check manifests in the project's folder.

    A manifest is a file with the digests of all files of a version.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the path of the project's folder for ``after_catalog_created``."""
        self._project = context.project_path

    @hook_impl
    def after_catalog_created(self, catalog: AtomicCatalog) -> None:
        """Set ``catalog.manifests`` to the manifests of the project."""
        catalog.manifests = Manifests(self._project)
