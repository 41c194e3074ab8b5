"""Trainings on real clusters, whose processes are killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_scheduling import DATA, row, training

from digit_recognition.cluster import connection
from digit_recognition.datasets import Journal
from digit_recognition.errors import ProjectError
from digit_recognition.trainings import scheduling
from digit_recognition.trainings.scheduling import Trainer

pytestmark = pytest.mark.runs


@pytest.fixture
def train(tmp_path):
    journal = Journal(tmp_path / "journal")

    def train(trainings, scheduler=None):
        with Trainer(
            DATA, journal, resume=True, scheduler=scheduler, threads=None
        ) as trainer:
            return trainer.run(trainings)

    train.journal = journal
    return train


def die_once(item, data):
    """Kill the worker if this training has not started before."""
    assert data == DATA
    marker = item.changes.get("marker")
    if marker and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return row(item, item.changes.get("problem", ""))


def die(item, data):
    os.kill(item.changes.get("pid", os.getpid()), signal.SIGKILL)
    return row(item)


def test_a_killed_worker_loses_no_training(train, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scheduling, "run_training", die_once)
    trainings = [
        training(0),
        training(1, changes={"marker": str(tmp_path / "started")}),
        training(2, changes={"problem": "the loss is not finite"}),
    ]
    assert [found["seed"] for found in train(trainings)] == [0, 1, 2]
    assert capsys.readouterr().out.count("validation accuracy 50.00 %") == 2
    # What failed is tried again.
    kept = [train.journal.read(item.key) for item in trainings]
    assert kept == [row(trainings[0]), row(trainings[1]), None]


def test_a_training_that_kills_each_worker_is_named(train, monkeypatch):
    monkeypatch.setattr(scheduling, "run_training", die)
    with pytest.raises(ProjectError, match="to survive the training of quick, seed 3,"):
        train([training(3)])


def test_workers_with_other_code_are_refused(train):
    with pytest.raises(ProjectError, match="expected workers with the same code"):
        train([training(0, software="another")])


def start(*arguments):
    """Start Dask in a process that logs to stderr, although clusters here do not."""
    search = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | search | {"DASK_LOGGING__DISTRIBUTED": "info"},
    )


@pytest.fixture
def scheduler():
    process = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    for line in process.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            break
    yield process, found[1]
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.fixture
def worker(scheduler):
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
    process = start("worker", scheduler[1], *options)
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


def test_a_scheduler_without_workers_is_named(train, scheduler, monkeypatch):
    monkeypatch.setattr(connection, "WORKER_SECONDS", 1)
    with pytest.raises(
        ProjectError, match="expected workers of the scheduler tcp://127"
    ):
        train([training(0)], scheduler[1])


@pytest.mark.usefixtures("worker")
def test_a_lost_scheduler_ends_the_run_and_keeps_what_is_finished(
    train, scheduler, monkeypatch
):
    process, address = scheduler
    monkeypatch.setattr(scheduling, "run_training", die_once)
    train([training(1)], address)
    monkeypatch.setattr(scheduling, "run_training", die)
    trainings = [training(1), training(0, changes={"pid": process.pid})]
    with pytest.raises(ProjectError, match="received a lost connection"):
        train(trainings, address)
    assert train.journal.read(trainings[0].key) == row(trainings[0])
