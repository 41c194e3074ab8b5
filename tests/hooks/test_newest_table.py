import logging
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.pandas import CSVDataset

from digit_recognition.hooks import NewestTableHooks


def read():
    """Read."""


def publish(tmp_path, version, number):
    path = str(tmp_path / "readings.csv")
    dataset = CSVDataset(filepath=path, version=Version(None, version))
    dataset.save(pd.DataFrame({"number": [number]}))
    pipeline = Pipeline([Node(read, None, "readings", name="read")])
    NewestTableHooks().after_pipeline_run(pipeline, DataCatalog({"readings": dataset}))


def test_the_newest_table_is_beside_the_versions(tmp_path):
    for version, number in (("2026-01-01", "7"), ("2026-01-02", "8")):
        publish(tmp_path, version, number)
        copy = (tmp_path / "newest_readings.csv").read_text()
        assert copy.split() == ["number", number]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["newest_readings.csv", "readings.csv"]


def test_a_table_that_is_open_elsewhere_stays_and_a_warning_names_the_new_one(
    tmp_path, monkeypatch, caplog
):
    def refuse(path, target):
        raise PermissionError(13, "Permission denied")

    publish(tmp_path, "2026-01-01", "7")
    monkeypatch.setattr(Path, "replace", refuse)
    with caplog.at_level(logging.WARNING):
        publish(tmp_path, "2026-01-02", "8")
    assert (tmp_path / "newest_readings.csv").read_text().split()[1] == "7"
    assert "2026-01-02/readings.csv" in caplog.text


@pytest.mark.parametrize("outputs", ["metrics"])
def test_other_runs_leave_the_table(tmp_path, outputs):
    pipeline = Pipeline([Node(read, None, outputs, name="read")])
    NewestTableHooks().after_pipeline_run(pipeline, DataCatalog({}))
    assert list(tmp_path.iterdir()) == []
