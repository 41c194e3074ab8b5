"""Trainings that are repeated, killed and stopped, each in a process of its own."""

import json
import random
import re
import signal
import time

import pandas as pd
import pytest
from conftest import Project

pytestmark = pytest.mark.runs

EPOCHS = 8
PARAMS = f"train.recipes.standard.epochs={EPOCHS},train.recipes.standard.batch_size=16"
COMMAND = ("run", "--pipelines", "prepare,train", "--params", PARAMS)


@pytest.fixture
def project(project, digits):
    """A project with a few digits to train on."""
    project.put(digits)
    return project


def training_of(project):
    return json.loads(project.newest("08_reporting/training.json").read_text())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, digits):
    """The digest of a model whose training was not stopped; seconds of an epoch."""
    project = Project(tmp_path_factory.mktemp("undisturbed") / "project")
    project.put(digits)
    done = project.python("-m", "kedro", *COMMAND)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^  epoch ", done.stdout, re.MULTILINE)) == EPOCHS
    history = pd.read_csv(project.newest("08_reporting/history.csv"))
    return training_of(project)["model_digest"], history["seconds"].min()


def stop_after_epoch(process, number, seconds, how):
    """Send the signal at a random moment of the seconds after the epoch."""
    for line in process.stdout:
        if line.startswith(f"  epoch {number}/"):
            break
    time.sleep(random.Random(number).uniform(0, seconds))  # noqa: S311 (no secret)
    process.send_signal(how)
    return process.communicate(timeout=120)


def test_the_same_seed_trains_the_same_weights_in_another_process(undisturbed, project):
    done = project.kedro(*COMMAND)
    assert done.returncode == 0, done.stderr
    training = training_of(project)
    assert training["augmentation"] is not None
    assert training["model_digest"] == undisturbed[0]


def test_a_training_stopped_and_killed_resumes_and_ends_with_the_same_weights(
    undisturbed, project
):
    digest, seconds = undisturbed
    command = ("-m", "kedro", *COMMAND)
    with project.start(*command) as process:
        output, errors = stop_after_epoch(process, 2, seconds, signal.SIGINT)
    assert process.returncode == 130, output + errors
    assert "Traceback" not in output + errors
    (line,) = [line for line in errors.splitlines() if line.startswith("Stopped")]
    assert "saved: the same command resumes from there" in line
    assert errors.splitlines()[-1] == line
    assert len(list(project.folder.glob("data/06_models/checkpoints/*.npz"))) == 1
    with project.start(*command) as process:
        stop_after_epoch(process, 5, seconds, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert project.versions("06_models/model.keras") == []
    done = project.kedro(*COMMAND)
    assert done.returncode == 0, done.stderr
    training = training_of(project)
    first, second = training["resumed_after"]  # the epoch before is saved by then
    assert 1 <= first < 4 <= second
    assert f"resuming after epoch {second} of {EPOCHS}" in done.stdout
    assert training["model_digest"] == digest
    assert not (project.folder / "data" / "06_models" / "checkpoints").exists()
