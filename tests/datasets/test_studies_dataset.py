import sys

import optuna
import pytest
from kedro.io import DatasetError

from digit_recognition.datasets import StudiesDataset


@pytest.fixture
def dataset(tmp_path):
    return StudiesDataset(filepath=f"{tmp_path}/folder/studies.log")


def test_a_study_is_found_again(dataset):
    study = optuna.create_study(storage=dataset.load(), study_name="a")
    study.add_trial(optuna.trial.create_trial(value=0.5))
    again = optuna.load_study(storage=dataset.load(), study_name="a")
    assert [trial.value for trial in again.trials] == [0.5]


def test_a_python_without_optuna_is_told_what_to_install(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.storages", None)
    with pytest.raises(DatasetError, match=r"install .*requirements-dask\.txt"):
        dataset.load()


def test_studies_are_in_a_local_file_that_optuna_writes(dataset):
    with pytest.raises(DatasetError, match="expected a local file for Optuna's"):
        StudiesDataset(filepath="s3://bucket/studies.log")
    with pytest.raises(DatasetError, match="expected to be loaded only"):
        dataset.save(1)
