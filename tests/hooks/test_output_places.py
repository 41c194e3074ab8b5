import os

import pytest
from kedro.io import MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.datasets import AtomicCatalog, CheckpointsDataset
from digit_recognition.datasets.atomic import claimed_name
from digit_recognition.datasets.manifests import Manifests
from digit_recognition.errors import ProjectError
from digit_recognition.hooks import OutputPlacesHooks


def make():
    """Make the output."""


def train(checkpoints):
    """Make the output."""


def check(path, version="now"):
    dataset = JSONDataset(
        filepath=str(path), version=Version(None, version) if version else None
    )
    pipeline = Pipeline([Node(make, None, ["metrics", "passed_on"], name="make")])
    catalog = AtomicCatalog({"metrics": dataset, "passed_on": MemoryDataset()})
    OutputPlacesHooks().before_pipeline_run(pipeline, catalog)


@pytest.mark.parametrize("version", ["now", None])
def test_a_folder_that_can_be_made_is_a_place_and_is_not_made_yet(tmp_path, version):
    check(tmp_path / "data" / "metrics.json", version)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_versions_is_named(tmp_path):
    (tmp_path / "metrics.json").write_text("x")
    with pytest.raises(ProjectError, match=r"metrics\.json, received a file; move it"):
        check(tmp_path / "metrics.json")


def test_a_file_in_the_place_of_a_folder_above_is_named(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(ProjectError, match="data, received a file"):
        check(tmp_path / "data" / "metrics.json")


def test_a_version_that_exists_already_is_refused(tmp_path):
    (tmp_path / "metrics.json" / "now").mkdir(parents=True)
    with pytest.raises(ProjectError, match="expected no version now of metrics yet"):
        check(tmp_path / "metrics.json")


@pytest.mark.parametrize("closed", ["data", "data/metrics.json"])
def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch, closed):
    (tmp_path / "data" / "metrics.json").mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / closed)
    with pytest.raises(ProjectError, match=f"{closed}, received no permission"):
        check(tmp_path / "data" / "metrics.json")


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a run with manifests and checkpoints."""
    hooks = OutputPlacesHooks()
    dataset = JSONDataset(filepath=f"{tmp_path}/m.json", version=Version(None, "now"))
    catalog = AtomicCatalog(
        {
            "metrics": dataset,
            "checkpoints": CheckpointsDataset(filepath=f"{tmp_path}/checkpoints"),
        }
    )
    catalog.manifests = Manifests(tmp_path)
    pipeline = Pipeline([Node(train, "checkpoints", "metrics", name="train")])

    def start():
        hooks.before_pipeline_run(pipeline, catalog)
        return hooks

    yield start
    hooks.after_pipeline_run()


def claims(tmp_path):
    return [path.name for path in Manifests(tmp_path).folder.glob(".*")]


def test_two_runs_of_one_version_do_not_start(start, tmp_path):
    with (
        claimed_name(Manifests(tmp_path).folder, "now"),
        pytest.raises(ProjectError, match="expected no other run of version now, rec"),
    ):
        start()
    start()


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_the_claim_of_a_version_ends_with_the_run(start, tmp_path, end):
    hooks = start()
    assert claims(tmp_path) == [".saving-now"]
    getattr(hooks, end)()
    assert not Manifests(tmp_path).folder.exists()


@pytest.mark.parametrize(
    "closed", ["checkpoints", "data/08_reporting/manifests", "m.json"]
)
def test_all_that_a_training_writes_has_a_place(start, tmp_path, monkeypatch, closed):
    (tmp_path / closed).mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / closed)
    with pytest.raises(ProjectError, match=f"{closed}, received no permission; make"):
        start()
