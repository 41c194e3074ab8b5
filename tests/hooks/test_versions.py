import pytest
from kedro.io import Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset
from kedro_datasets.partitions import PartitionedDataset
from permissions import needs_permissions, permissions_hold

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import VersionHooks

OPTIONS = {"load_versions": None, "only_missing_outputs": False}


def join(*values):
    return list(values)


JUDGE = Pipeline([Node(join, ["model", "training"], "metrics", name="judge")])


def test_the_record_of_the_loaded_model_is_loaded_instead_of_a_newer_one(catalog, keep):
    for version in ("1", "2"):
        keep("model", version)
        keep("training", version)
    keep("training", "3")
    VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    assert (catalog.load("model"), catalog.load("training")) == ("2", "2")


def test_a_stage_loads_what_an_earlier_stage_of_the_same_version_saved(catalog, keep):
    for version in ("1", "now", "other"):
        keep("model", version)
        keep("training", version)
    VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    assert (catalog.load("model"), catalog.load("training")) == ("now", "now")


@pytest.mark.parametrize("record", ["history", "validation_predictions"])
def test_other_records_of_a_training_are_those_of_the_loaded_model_too(
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
    with pytest.raises(ProjectError, match=f"expected {record} in the model's version"):
        VersionHooks().before_pipeline_run(OPTIONS, draw, catalog)


def test_a_model_without_its_record_is_refused(catalog, keep):
    keep("training", "1")
    keep("model", "2")
    with pytest.raises(ProjectError, match="in the model's version 2, received none"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)


def test_a_version_on_the_command_line_is_loaded_as_requested(catalog, keep):
    keep("model", "2")
    keep("training", "1")
    named = OPTIONS | {"load_versions": {"training": "1"}}
    VersionHooks().before_pipeline_run(named, JUDGE, catalog)
    assert catalog.load("training") == "1"


def test_a_run_loads_its_own_result_even_if_another_run_saved_a_newer_one(
    catalog, keep
):
    write = Pipeline([Node(join, "lineage", "model", name="write")])
    VersionHooks().before_pipeline_run(OPTIONS, write, catalog)
    keep("model", "zzz newer")
    catalog.save("model", "mine")
    assert catalog.load("model") == "mine"


def test_missing_inputs_are_named_before_the_run_and_models_last(catalog, keep):
    with pytest.raises(ProjectError, match="expected training, received none"):
        VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    keep("training", "a")
    with pytest.raises(ProjectError, match="expected model, received none"):
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
def test_without_any_version_to_compare_the_run_is_refused(catalog, compare, named):
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


def test_a_missing_version_is_named(catalog, keep):
    keep("training", "1")
    catalog["model"]._version = Version("7", "now")
    named = OPTIONS | {"load_versions": {"model": "7"}}
    with pytest.raises(ProjectError, match=r"expected model .* no version 7 of it"):
        VersionHooks().before_pipeline_run(named, JUDGE, catalog)


def test_outputs_of_a_run_cannot_be_loaded_in_another_version(catalog):
    named = OPTIONS | {"load_versions": {"metrics": "1"}}
    with pytest.raises(ProjectError, match="does not make, received metrics"):
        VersionHooks().before_pipeline_run(named, JUDGE, catalog)


@needs_permissions
@pytest.mark.parametrize("closed", [".", "1"])
def test_a_folder_that_is_not_readable_is_not_said_to_hold_nothing(
    catalog, keep, closed, tmp_path
):
    keep("model", "1")
    keep("training", "1")
    folder = tmp_path / "training.json" / closed
    folder.chmod(0)
    try:
        with (
            permissions_hold(),
            pytest.raises(ProjectError, match=r"versions of training, .* not readable"),
        ):
            VersionHooks().before_pipeline_run(OPTIONS, JUDGE, catalog)
    finally:
        folder.chmod(0o755)


@needs_permissions
def test_a_version_to_compare_that_is_not_readable_is_named(
    catalog, compare, keep, tmp_path
):
    keep("metrics", "1")
    keep("metrics", "2")
    folder = tmp_path / "metrics.json" / "1"
    folder.chmod(0)
    try:
        with permissions_hold(), pytest.raises(ProjectError, match="not readable"):
            VersionHooks().before_pipeline_run(OPTIONS, compare, catalog)
    finally:
        folder.chmod(0o755)
