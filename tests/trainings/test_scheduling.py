import re
import sys

import pytest

from digit_recognition.cluster import connection
from digit_recognition.datasets import Journal
from digit_recognition.errors import ProjectError
from digit_recognition.trainings.scheduling import Trainer
from digit_recognition.trainings.training import Training, software_digest

DATA = {"x_train": None, "y_train": None, "dataset_info": {"dataset": "custom"}}


def training(seed, **fields):
    return Training(
        **{
            **{"recipe": "quick", "seed": seed, "changes": {}, "parameters": {}},
            **{"dataset_digest": "", "test": False, "corruptions": False},
            **{"threads": None, "software": software_digest()},
            **fields,
        }
    )


def row(item, problem=""):
    scores = {} if problem else {"validation_accuracy": 0.5, "seconds": 1.0}
    return {"seed": item.seed, "problem": problem, **scores}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


@pytest.fixture
def trainer(journal):
    def make(scheduler=None, resume=True):
        return Trainer(DATA, journal, resume=resume, scheduler=scheduler, threads=None)

    return make


def test_finished_trainings_need_no_cluster(trainer, journal, monkeypatch, capsys):
    monkeypatch.setattr(connection, "open_client", None)
    trainings = [training(1), training(0)]
    for item in trainings:
        journal.write(item.key, row(item))
    with trainer() as first:
        assert [found["seed"] for found in first.run(trainings)] == [1, 0]
    assert "2 of 2 trainings are finished already" in capsys.readouterr().out


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere"])
def test_an_address_without_a_scheduler_is_named(trainer, monkeypatch, address):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    message = re.escape(f"expected a Dask scheduler at {address}, found none")
    with pytest.raises(ProjectError, match=message), trainer(address) as first:
        first.run([training(0)])


@pytest.mark.parametrize("package", ["dask", "distributed"])
def test_a_python_without_the_extra_is_told_what_to_install(
    trainer, monkeypatch, package
):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, connection.__name__)
    with pytest.raises(ProjectError, match="expected the packages of the extra `dask`"):
        trainer().run([training(0)])
