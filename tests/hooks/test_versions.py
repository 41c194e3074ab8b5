import pytest
from kedro.io import DatasetError, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import VersionHooks, WholeVersionHooks

OPTIONS = {"load_versions": None, "only_missing_outputs": False}


def join(*values):
    return list(values)


JUDGE = Pipeline([Node(join, ["model", "training"], "metrics", name="judge")])


def test_the_record_of_the_loaded_model_is_loaded_not_a_newer_one(catalog, keep):
    for version in ("1", "2"):
        keep("model", version)
        keep("training", version)
    keep("training", "3")
    VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    assert (catalog.load("model"), catalog.load("training")) == ("2", "2")


@pytest.mark.parametrize("record", ["history", "validation_predictions"])
def test_what_else_a_training_keeps_is_of_the_loaded_model_too(
    catalog, keep, record, tmp_path
):
    catalog[record] = JSONDataset(
        filepath=f"{tmp_path}/{record}.json", version=Version(None, "now")
    )
    for version in ("1", "2"):
        keep("model", version)
        keep(record, version)
    keep(record, "3")
    draw = Pipeline([Node(join, ["model", record], "metrics", name="draw")])
    VersionHooks().before_pipeline_run(OPTIONS, draw, catalog)
    assert catalog.load(record) == "2"
    keep("model", "4")
    catalog.release("model")
    with pytest.raises(ProjectError, match=f"expected {record} beside the model"):
        VersionHooks().before_pipeline_run(OPTIONS, draw, catalog)


def test_a_model_without_its_record_is_refused(catalog, keep):
    keep("training", "1")
    keep("model", "2")
    with pytest.raises(ProjectError, match="beside the model of version 2"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


def test_a_record_named_on_the_command_line_is_left_as_named(catalog, keep):
    keep("model", "2")
    keep("training", "1")
    named = OPTIONS | {"load_versions": {"training": "1"}}
    VersionHooks().before_pipeline_run(named, JUDGE, catalog)
    assert catalog.load("training") == "1"


def test_a_run_reads_back_its_own_result_though_another_run_saved_a_newer(
    catalog, keep
):
    write = Pipeline([Node(join, "lineage", "model", name="write")])
    VersionHooks().before_pipeline_run(OPTIONS, write, catalog)
    keep("model", "zzz newer")
    catalog.save("model", "mine")
    assert catalog.load("model") == "mine"


def test_what_is_missing_is_named_before_anything_runs_the_model_first(catalog):
    with pytest.raises(ProjectError, match="expected model, training, received none"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


@pytest.fixture
def compare(catalog, tmp_path):
    """A pipeline that loads all versions of metrics."""
    catalog["all_metrics"] = PartitionedDataset(
        path=f"{tmp_path}/metrics.json",
        filename_suffix="/metrics.json",
        dataset="json.JSONDataset",
    )
    return Pipeline([Node(list, "all_metrics", "runs", name="list_runs")])


@pytest.mark.parametrize("named", [None, {"all_metrics": "1"}])
def test_without_a_single_version_to_compare_that_is_said(catalog, compare, named):
    with pytest.raises(
        ProjectError, match=r"^expected all_metrics, received none yet; `kedro run`"
    ):
        VersionHooks().before_pipeline_run(
            OPTIONS | {"load_versions": named}, compare, catalog
        )


def test_one_version_is_enough_to_compare(catalog, compare, keep):
    keep("metrics", "1")
    VersionHooks().before_pipeline_run(OPTIONS, compare, catalog)
    ((version, load),) = catalog.load("all_metrics").items()
    assert (version, load()) == ("1", "1")


def test_a_version_that_is_not_there_is_named(catalog, keep):
    keep("training", "1")
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
    catalog, keep, whole, tmp_path
):
    keep("model", "1")
    whole.before_dataset_saved("model")
    catalog.save("model", "half")
    path = f"{tmp_path}/model.json"
    assert JSONDataset(filepath=path, version=Version(None, None)).load() == "1"


def test_a_failed_save_leaves_nothing_behind(catalog, keep, whole, tmp_path):
    keep("model", "1")
    before = files(tmp_path)
    whole.before_dataset_saved("model")
    with pytest.raises(DatasetError, match="not JSON serializable"):
        catalog.save("model", object())
    whole.on_pipeline_error()
    assert files(tmp_path) == before
    assert catalog["model"].list_versions(full_path=False) == ["1"]
