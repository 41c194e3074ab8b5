import subprocess

import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import LineageHooks, VersionHooks, WholeVersionHooks
from digit_recognition.hooks.lineage import code_revision, processor
from digit_recognition.hooks.parameters import nearest_parameter

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


def test_what_is_missing_is_named_before_anything_runs_the_model_first(catalog):
    with pytest.raises(ProjectError, match="expected model, training, received none"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


def test_a_version_that_is_not_there_is_named(catalog):
    keep(catalog, "training", "1")
    catalog["model"]._version = Version("7", "now")
    named = OPTIONS | {"load_versions": {"model": "7"}}
    with pytest.raises(ProjectError, match=r"expected model .* no version 7 of it"):
        VersionHooks().before_pipeline_run(named, JUDGE, catalog)


def test_what_a_run_makes_itself_cannot_be_loaded_in_another_version(catalog):
    named = OPTIONS | {"load_versions": {"metrics": "1"}}
    with pytest.raises(ProjectError, match="received metrics, which it makes itself"):
        VersionHooks().before_pipeline_run(named, JUDGE, catalog)


@pytest.fixture
def whole(catalog):
    hooks = WholeVersionHooks()
    hooks.before_pipeline_run(catalog)
    return hooks


def files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


def test_a_version_is_in_its_place_only_when_it_is_whole(catalog, whole, tmp_path):
    whole.before_dataset_saved("model")
    catalog.save("model", "mine")
    assert not (tmp_path / "model.json").exists()
    whole.after_dataset_saved("model")
    assert files(tmp_path) == ["model.json/now/model.json"]
    assert catalog.load("model") == "mine"


def test_a_kill_while_saving_leaves_the_last_version_the_newest(
    catalog, whole, tmp_path
):
    keep(catalog, "model", "1")
    whole.before_dataset_saved("model")
    catalog.save("model", "half")
    path = f"{tmp_path}/model.json"
    assert JSONDataset(filepath=path, version=Version(None, None)).load() == "1"


def test_a_failed_save_leaves_nothing_behind(catalog, whole, tmp_path):
    keep(catalog, "model", "1")
    before = files(tmp_path)
    whole.before_dataset_saved("model")
    with pytest.raises(DatasetError, match="not JSON serializable"):
        catalog.save("model", object())
    whole.on_pipeline_error()
    assert files(tmp_path) == before
    assert catalog["model"].list_versions(full_path=False) == ["1"]


def test_the_versions_that_are_loaded_are_recorded(catalog):
    keep(catalog, "model", "1")
    hooks = LineageHooks()
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
    file = tmp_path / "file"
    file.write_text("one")
    assert code_revision(file) == "unknown"

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
    assert code_revision(file) == "unknown"
    git("add", "file")
    git("commit", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert code_revision(file) == head
    (tmp_path / "new").write_text("not yet in it")
    assert code_revision(file) == f"{head}-dirty"
    (tmp_path / "new").unlink()
    file.write_text("two")
    assert code_revision(file) == f"{head}-dirty"


def test_the_processor_has_a_name_and_cores():
    name, cores = processor().rsplit(", ", 1)
    assert name
    assert int(cores.removesuffix(" cores")) >= 1


KNOWN = ["seed", "recipe", "train", "train.recipes.a.epochs", "train.recipes.b.epochs"]


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("sed", "did you mean seed?"),
        ("epoch", "did you mean train.recipes.a.epochs?"),
        ("train.epochs", "did you mean train.recipes.a.epochs?"),
        ("train.recipes.b.epoch", "did you mean train.recipes.b.epochs?"),
        ("xyz", f"known are {', '.join(KNOWN)}"),
    ],
)
def test_the_nearest_parameter_is_suggested_else_all_are_listed(key, nearest):
    assert nearest_parameter(key, KNOWN) == nearest
