from digit_recognition.datasets import AtomicCatalog


def test_a_notebook_and_kedro_viz_have_the_catalog_of_a_run(project):
    with project.catalog() as catalog:
        assert isinstance(catalog, AtomicCatalog)
        assert catalog.manifests.folder.is_relative_to(project.folder)
        assert "x_train" in catalog


def test_kedro_lists_the_datasets_of_the_catalog(project):
    done = project.kedro("catalog", "describe-datasets", "--pipeline", "read")
    assert done.returncode == 0, done.stderr
    assert "model_onnx" in done.stdout
