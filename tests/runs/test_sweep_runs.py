"""Sweeps and searches on a cluster that each run starts for itself."""

import json

import pandas as pd
import pytest
from conftest import new_project
from mlflow import MlflowClient

pytestmark = [
    pytest.mark.runs,
    # MLflow's own database queries use what SQLAlchemy has deprecated.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

TRAIN_ONCE = "recipe=quick,train.recipes.quick.epochs=1"


@pytest.fixture(scope="module")
def project(tmp_path_factory, digits):
    project = new_project(tmp_path_factory.mktemp("sweep"), digits)
    done = project.kedro("run", "--pipelines", "prepare,train", "--params", TRAIN_ONCE)
    assert done.returncode == 0, done.stderr
    return project


def run(project, pipeline, params, *options):
    done = project.kedro("run", "--pipelines", pipeline, "--params", params, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout, pd.read_csv(project.newest(f"08_reporting/{pipeline}.csv"))


def test_a_sweep_gives_the_models_of_single_runs_and_repeats_none(project):
    params = (
        "sweep.recipes=[quick],sweep.variants=[{epochs: 1}],sweep.test=true,"
        "sweep.corruptions=true,sweep.seeds="
    )
    _, first = run(project, "sweep", f"{params}1")
    training = json.loads(project.newest("08_reporting/training.json").read_text())
    assert first["model_digest"].tolist() == [training["model_digest"]]
    predictions = pd.read_csv(
        project.newest("07_model_output/validation_predictions.csv")
    )
    logits = predictions.filter(like="logit").to_numpy()
    right = logits.argmax(axis=1) == predictions["label"]
    assert first["validation_accuracy"].tolist() == [right.mean()]
    assert first[["test_accuracy", "fog"]].notna().all(axis=None)

    output, second = run(project, "sweep", f"{params}2", "--env", "mlflow")
    assert "1 of 2 trainings are finished already" in output
    assert second["model_digest"].nunique() == 2
    pd.testing.assert_frame_equal(second.iloc[:1], first)
    assert len(project.versions("06_models/model.keras")) == 1

    first_run, second_run, sweep = tracked_runs(project)
    assert sweep.info.run_name == "sweep"
    for row, child in zip(
        second.to_dict("records"), (second_run, first_run), strict=True
    ):
        assert child.data.tags["mlflow.parentRunId"] == sweep.info.run_id
        assert child.data.tags["model_digest"] == row["model_digest"]
        assert child.data.metrics["validation_accuracy"] == row["validation_accuracy"]
        assert child.data.params["train.epochs"] == "1"
    assert "epoch/loss" in first_run.data.metrics


def tracked_runs(project):
    """Return the runs on MLflow in the order in which they were started."""
    client = MlflowClient(f"sqlite:///{project.folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digit_recognition")
    runs = client.search_runs([experiment.experiment_id])
    return sorted(runs, key=lambda run: run.info.end_time)


def test_a_search_continues_where_it_ended(project):
    space = "search.space.learning_rate.low=0.004,train.recipes.quick.epochs=1"
    two = f"{space},search.parallel=1,search.trials="
    _, first = run(project, "search", f"{two}1")
    output, second = run(project, "search", f"{two}2")
    assert second.iloc[:1].equals(first)
    assert output.count("quick, seed 0") == 1
    chart = json.loads(project.newest("08_reporting/importances.json").read_text())
    assert "2 trials" in chart["layout"]["title"]["text"]
