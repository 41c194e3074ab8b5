import os

import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import OutputPlacesHooks


def make():
    """Make the output."""


def check(path, version="now"):
    dataset = JSONDataset(
        filepath=str(path), version=Version(None, version) if version else None
    )
    pipeline = Pipeline([Node(make, None, ["metrics", "passed_on"], name="make")])
    catalog = DataCatalog({"metrics": dataset, "passed_on": MemoryDataset()})
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
