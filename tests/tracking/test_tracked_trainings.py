import io

import pandas as pd
import pytest
from mlflow import MlflowClient

from digit_recognition.tracking.tracked_run import TrackedRun
from digit_recognition.tracking.tracked_trainings import log_sweep, log_training
from digit_recognition.tracking.tracking_parameters import TrackingParameters
from digit_recognition.tracking.tracking_server import connect

# MLflow's own database queries use what SQLAlchemy has deprecated.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader:DeprecationWarning"
)

DONE = {
    **{"recipe": "quick", "seed": 3, "changes": "epochs=2 network.filters=[[8], [16]]"},
    **{"dataset": "mnist", "threads": 2, "processor": "Z80", "date": "1976-07-01"},
    **{"problem": "", "epochs": 2, "precision": "float32", "seconds": 7.5},
    **{"model_digest": "ab12", "validation_accuracy": 0.75, "validation_loss": 0.5},
    **{"test_accuracy": 0.7, "fog": 0.25},
}
HISTORY = [
    {"epoch": 1, "loss": 0.9, "val_accuracy": 0.5},
    {"epoch": 2, "loss": 0.6, "val_accuracy": 0.75},
]
FAILED = {
    **{"recipe": "1e3", "seed": "0", "changes": "", "dataset": "mnist"},
    **{"problem": "the loss is not finite", "validation_accuracy": ""},
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    parameters = {
        **{"tracking_uri": "sqlite:///mlflow.db", "experiment": "digits"},
        **{"register": False, "registered_model": "digits"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield connect(
            TrackingParameters.model_validate(parameters),
            tmp_path_factory.mktemp("mlflow"),
        )


@pytest.fixture
def parent(connection):
    return TrackedRun.start(connection, "sweep", {})


def children(parent):
    client: MlflowClient = parent.connection.client
    return client.search_runs(
        [parent.connection.experiment_id],
        f"tags.mlflow.parentRunId = '{parent.run_id}'",
        order_by=["start_time"],
    )


def test_a_training_is_a_child_with_its_changes_scores_and_learning_curve(parent):
    log_training(parent, {**DONE, "history": HISTORY})
    (child,) = children(parent)
    assert child.info.status == "FINISHED"
    assert child.info.run_name == "quick, seed 3, epochs=2 network.filters=[[8], [16]]"
    assert child.info.end_time - child.info.start_time == 7500
    assert child.data.params == {
        **{"recipe": "quick", "seed": "3", "train.epochs": "2"},
        "train.network.filters": "[[8], [16]]",
    }
    assert child.data.metrics == {
        **{"seconds": 7.5, "validation_accuracy": 0.75, "validation_loss": 0.5},
        **{"test_accuracy": 0.7, "robustness/fog": 0.25},
        **{"epoch/loss": 0.6, "epoch/val_accuracy": 0.75},
    }
    history = parent.connection.client.get_metric_history(
        child.info.run_id, "epoch/loss"
    )
    assert [(point.step, point.value) for point in history] == [(1, 0.9), (2, 0.6)]
    assert child.data.tags["model_digest"] == "ab12"


def test_the_table_of_a_sweep_adds_only_what_is_missing(parent):
    log_training(parent, DONE)
    parent.start_child("1e3, seed 0", {}, start_time=0)  # its process was killed
    file = io.StringIO()
    pd.DataFrame([DONE, {**DONE, "seed": 4}, FAILED, FAILED]).to_csv(file, index=False)
    file.seek(0)
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    for _ in range(2):
        log_sweep(parent, table, end=100.0)
        ended = [one for one in children(parent) if one.info.status != "RUNNING"]
        found = {child.info.run_name: child for child in ended}
        assert len(found) == len(ended) == 3
        changes = DONE["changes"]
        assert set(found) == {
            *(f"quick, seed 3, {changes}", f"quick, seed 4, {changes}"),
            "1e3, seed 0",
        }
    assert found[f"quick, seed 4, {changes}"].info.end_time == 100_000
    failed = found["1e3, seed 0"]
    assert failed.info.status == "FAILED"
    assert failed.data.tags["problem"] == "the loss is not finite"
    assert failed.data.metrics == {}
