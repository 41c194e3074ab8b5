"""Trainings that are repeated, killed, stopped: whole runs, each its own process."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest import Project

from digit_recognition.datasets.mnist_dataset import load_sample

EPOCHS = 4
PARAMS = f"train.recipes.standard.epochs={EPOCHS},train.recipes.standard.batch_size=16"
COMMAND = ("run", "--pipelines", "prepare,train", "--params", PARAMS)


def new_project(folder):
    project = Project(folder / "project")
    project.put(load_sample())
    return project


def training_of(project):
    return json.loads(project.newest("08_reporting/training.json").read_text())


def start(project, *command):
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", *command],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop_within_epoch(process, number, seed, how):
    """Send the signal at a moment of the epoch after ``number``, drawn by the seed."""
    seconds = 0.0
    for line in process.stdout:
        if line.startswith(f"Epoch {number}/"):
            seconds = float(line.rpartition(", ")[2].removesuffix(" s\n"))
            break
    time.sleep(random.Random(seed).uniform(0, seconds))  # noqa: S311 (no secret)
    process.send_signal(how)
    return process.communicate(timeout=120)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The digest of a model whose training was not stopped."""
    project = new_project(tmp_path_factory.mktemp("undisturbed"))
    done = project.kedro(*COMMAND)
    assert done.returncode == 0, done.stderr
    return training_of(project)["model_digest"]


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_two_processes_train_the_same_weights_from_the_same_seed_alone(
    undisturbed, tmp_path, seed, same
):
    project = new_project(tmp_path)
    done = project.kedro(*COMMAND[:-1], f"{PARAMS},seed={seed}")
    assert done.returncode == 0, done.stderr
    training = training_of(project)
    assert training["augmentation"] is not None
    assert (training["model_digest"] == undisturbed) is same


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_training_goes_on_and_ends_with_the_same_weights(
    undisturbed, tmp_path, seed
):
    project = new_project(tmp_path)
    with start(project, *COMMAND) as process:
        stop_within_epoch(process, seed, seed, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert project.versions("06_models/model.keras") == []
    done = project.kedro(*COMMAND)
    assert done.returncode == 0, done.stderr
    training = training_of(project)
    (resumed_after,) = training["resumed_after"]
    assert resumed_after >= seed
    assert f"Going on after epoch {resumed_after} of {EPOCHS}" in done.stdout
    assert training["model_digest"] == undisturbed
    assert not (project.folder / "data" / "06_models" / "checkpoints").exists()


def test_ctrl_c_ends_with_one_line_and_what_was_done_is_kept(tmp_path):
    project = new_project(tmp_path)
    endless = PARAMS.replace(f"epochs={EPOCHS}", "epochs=1000")
    with start(project, *COMMAND[:-1], endless) as process:
        output, errors = stop_within_epoch(process, 1, 3, signal.SIGINT)
    assert process.returncode == 130, output + errors
    assert "Traceback" not in output + errors
    (line,) = [line for line in errors.splitlines() if line.startswith("Stopped")]
    assert "which are kept: the same command goes on from there" in line
    assert errors.splitlines()[-1] == line
    assert len(list(project.folder.glob("data/06_models/checkpoints/*.npz"))) == 1
