from types import SimpleNamespace

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.hooks import ManifestHooks


def test_the_catalog_keeps_its_manifests_in_the_project_s_folder(tmp_path):
    hooks, catalog = ManifestHooks(), AtomicCatalog()
    hooks.after_context_created(SimpleNamespace(project_path=tmp_path))
    hooks.after_catalog_created(catalog)
    folder = tmp_path / "data" / "08_reporting" / "manifests"
    assert catalog.manifests.folder == folder
