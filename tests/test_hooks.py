import subprocess

import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import (
    LineageHooks,
    VersionHooks,
    code_revision,
    processor,
)

OPTIONS = {"load_versions": None, "only_missing_outputs": False}


def join(*values):
    return list(values)


@pytest.fixture
def catalog(tmp_path):
    def dataset(name):
        path = f"{tmp_path}/{name}.json"
        return JSONDataset(filepath=path, version=Version(None, "now"))

    return DataCatalog(
        {name: dataset(name) for name in ("model", "training", "metrics")}
        | {"lineage": MemoryDataset(copy_mode="assign")}
    )


def keep(catalog, name, version):
    dataset = catalog.get(name)
    path = dataset._filepath
    JSONDataset(filepath=str(path), version=Version(None, version)).save(version)


JUDGE = Pipeline([Node(join, ["model", "training"], "metrics", name="judge")])


def test_the_record_of_the_loaded_model_is_loaded_not_a_newer_one(catalog):
    for version in ("1", "2"):
        keep(catalog, "model", version)
        keep(catalog, "training", version)
    keep(catalog, "training", "3")
    VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    assert (catalog.load("model"), catalog.load("training")) == ("2", "2")


def test_a_model_without_its_record_is_refused(catalog):
    keep(catalog, "training", "1")
    keep(catalog, "model", "2")
    with pytest.raises(ProjectError, match="beside the model of version 2"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


def test_a_record_named_on_the_command_line_is_left_as_named(catalog):
    keep(catalog, "model", "2")
    keep(catalog, "training", "1")
    named = OPTIONS | {"load_versions": {"training": "1"}}
    VersionHooks().before_pipeline_run(named, JUDGE, catalog)
    assert catalog.load("training") == "1"


def test_a_run_reads_back_its_own_result_though_another_run_saved_a_newer(catalog):
    write = Pipeline([Node(join, "lineage", "model", name="write")])
    VersionHooks().before_pipeline_run(OPTIONS, write, catalog)
    keep(catalog, "model", "zzz newer")
    catalog.save("model", "mine")
    assert catalog.load("model") == "mine"


def test_what_is_missing_is_named_before_anything_runs(catalog):
    with pytest.raises(
        ProjectError, match=r"expected model at .*model\.json.*none yet"
    ):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


def test_the_versions_that_are_loaded_are_recorded(catalog, tmp_path):
    keep(catalog, "model", "1")
    hooks = LineageHooks()
    hooks._project_path = tmp_path
    hooks.after_catalog_created(catalog)
    with_lineage = Pipeline([Node(join, ["model", "lineage"], "metrics", name="judge")])
    hooks.before_pipeline_run(with_lineage, catalog)
    hooks.before_dataset_loaded("model")
    keep(catalog, "model", "2")
    hooks.before_dataset_loaded("lineage")
    lineage = catalog.load("lineage")
    assert lineage["versions"] == {"model": catalog.load("model")} == {"model": "1"}
    assert lineage["kedro_version"].startswith("1.")


def test_the_revision_is_the_commit_and_says_when_files_differ(tmp_path):
    assert code_revision(tmp_path) == "unknown"

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        return subprocess.run(
            ["git", *identity, *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert code_revision(tmp_path) == head
    (tmp_path / "file").write_text("two")
    assert code_revision(tmp_path) == f"{head}-dirty"


def test_the_processor_has_a_name_and_cores():
    name, cores = processor().rsplit(", ", 1)
    assert name
    assert int(cores.removesuffix(" cores")) >= 1
