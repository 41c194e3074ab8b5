import pytest
from kedro.io import DatasetError, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.datasets import AtomicCatalog
from digit_recognition.datasets.manifests import Manifests
from digit_recognition.hooks import MatchingArraysHooks

PREPARED = ("x_train", "y_train", "x_test", "y_test", "dataset_info")
ARRAYS = PREPARED[:-1]


def join(*values):
    return list(values)


EVALUATE = ["model", "training", "x_test", "y_test", "dataset_info", "params:evaluate"]
DETECT = ["model", "training", "x_train", "y_train"]
TRAIN = ["x_train", "y_train", "dataset_info"]


@pytest.fixture
def catalog(tmp_path):
    """An empty catalog of the prepared datasets, the model and its record."""
    catalog = AtomicCatalog(
        {
            name: JSONDataset(
                filepath=f"{tmp_path}/data/{name}.json", version=Version(None, "now")
            )
            for name in (*PREPARED, "model", "training")
        }
        | {"params:evaluate": MemoryDataset({"allow_other_data": False})}
    )
    catalog.manifests = Manifests(tmp_path)
    return catalog


@pytest.fixture
def save(catalog):
    """Save a version of datasets, each with the content that is given."""

    def save(version, **contents):
        for name, content in contents.items():
            dataset = catalog.get(name)
            dataset._version = Version(None, version)
            catalog.save(name, content)
            dataset._version = Version(None, "now")
            dataset.release()

    return save


def prepared(content, names=PREPARED):
    """What prepare saves: arrays named by their content, and their digests."""
    record = {"digests": dict.fromkeys(ARRAYS, content)}
    return {name: record if name == "dataset_info" else content for name in names}


def trained(content):
    return {"model": content, "training": {"digests": dict.fromkeys(ARRAYS, content)}}


def choose(catalog, inputs, **requested):
    """Return the version of each array that a run with these inputs loads."""
    pipeline = Pipeline([Node(join, inputs, "result", name="join")])
    options = {"load_versions": requested or None}
    MatchingArraysHooks().before_pipeline_run(options, pipeline, catalog)
    return {
        catalog.get(name).resolve_load_version() for name in inputs if name in PREPARED
    }


def said(capsys):
    """Return the lines on stdout, without those of Kedro's log."""
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if line.startswith("Loading ")]


@pytest.mark.parametrize("inputs", [EVALUATE, DETECT])
def test_the_arrays_of_the_model_are_loaded_instead_of_newer_ones(
    catalog, save, inputs, capsys
):
    save("1", **prepared("mine"), **trained("mine"))
    save("2", **prepared("mine"))
    save("3", **prepared("other"))
    assert choose(catalog, inputs) == {"2"}
    names = ", ".join(name for name in ARRAYS if name in inputs)
    assert said(capsys) == [
        f"Loading {names} of 2: the model was trained with this version."
    ]


def test_the_newest_arrays_are_loaded_without_a_line_if_they_match(
    catalog, save, capsys
):
    save("1", **prepared("mine"), **trained("mine"))
    save("2", **prepared("mine"))
    assert choose(catalog, EVALUATE) == {"2"}
    assert said(capsys) == []


@pytest.mark.parametrize("done", range(1, len(PREPARED)))
def test_a_training_loads_arrays_that_were_made_together(catalog, save, capsys, done):
    save("1", **prepared("first"))
    save("2", **prepared("second", PREPARED[:done]))
    assert choose(catalog, TRAIN) == {"1"}
    assert said(capsys) == [
        "Loading x_train, y_train of 1: newer arrays are incomplete."
    ]


def test_a_version_that_lacks_an_array_is_not_chosen(catalog, save):
    save("1", **prepared("mine"), **trained("mine"))
    save("2", **prepared("mine", ("x_test", "dataset_info")))
    save("3", **prepared("other"))
    assert choose(catalog, EVALUATE) == {"1"}


def test_nothing_is_chosen_if_no_arrays_match(catalog, save, capsys):
    save("1", **prepared("other"), **trained("mine"))
    assert choose(catalog, EVALUATE) == {"1"}
    assert said(capsys) == []


def test_nothing_is_chosen_against_the_user(catalog, save):
    save("1", **prepared("mine"), **trained("mine"))
    save("2", **prepared("other"))
    assert choose(catalog, EVALUATE, x_test="2") == {"2"}
    catalog["params:evaluate"] = MemoryDataset({"allow_other_data": True})
    assert choose(catalog, EVALUATE) == {"2"}


def test_a_damaged_record_of_the_newest_arrays_is_not_passed_over(
    catalog, save, tmp_path
):
    save("1", **prepared("mine"), **trained("mine"))
    save("2", **prepared("mine"))
    record = tmp_path / "data" / "dataset_info.json" / "2" / "dataset_info.json"
    record.write_text(record.read_text().replace("mine", "nine"))
    with pytest.raises(DatasetError, match="expected dataset_info as it was saved"):
        choose(catalog, EVALUATE)
