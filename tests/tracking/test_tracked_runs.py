"""Runs that a real MLflow server tracks."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Project, new_project
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from PIL import Image

from digit_recognition.errors import ProjectError
from digit_recognition.recognition.acceptance import KEEP_DIGITS
from digit_recognition.recognition.reader import load_reader
from digit_recognition.tracking.logged_model import CHAMPION, register_model
from digit_recognition.tracking.mlflow_page import start_server, wait_until_ready
from digit_recognition.tracking.tracked_run import TrackedRun, mark_abandoned
from digit_recognition.tracking.tracking_server import Connection

pytestmark = pytest.mark.runs

EXPERIMENT = MODEL = "digit_recognition"
EPOCHS = 3
PARAMS = (
    f"recipe=quick,seed=5,train.recipes.quick.epochs={EPOCHS},"
    "detector.pictures=2000,detector.epochs=1,mlflow.register=true"
)
TRACKED = ("run", "--env", "mlflow")
SILENCE = (
    *("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"),
    *("CI", "PYTEST_CURRENT_TEST", "GITHUB_ACTIONS"),
)
"""Variables that keep MLflow from sending usage data."""

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an MLflow server with a database and artifacts of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start_server(folder, port)
    address = wait_until_ready(process, port)
    try:
        assert address
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def client(server):
    return MlflowClient(server, server)


@pytest.fixture(scope="module")
def tracked(server, tmp_path_factory, digits) -> Project:
    """A project after one tracked run; the run is killed if it looks up a name."""
    project = new_project(tmp_path_factory.mktemp("tracked"), digits)
    command = (str(ROOT / "tests" / "no_lookups.py"), "kedro", *TRACKED)
    with mock.patch.dict(os.environ):
        for name in SILENCE:
            os.environ.pop(name, None)
        done = project.python(*command, "--params", PARAMS, MLFLOW_TRACKING_URI=server)
    assert done.returncode == 0, done.stderr
    project.output, project.errors = done.stdout, done.stderr
    return project


@pytest.fixture(scope="module")
def run(client, tracked):
    (version,) = tracked.versions("06_models/model.keras")
    return find_run(client, version)


def find_run(client, version):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    (run,) = client.search_runs(
        [experiment.experiment_id], f"tags.version = '{version}'"
    )
    return run


def record(project, name):
    return json.loads(project.newest(f"08_reporting/{name}.json").read_text())


def test_a_tracked_run_says_where_it_is_tracked_and_nothing_else_is_new(
    tracked, run, server
):
    *_, line, model = tracked.output.splitlines()
    experiment = run.info.experiment_id
    address = f"{server}/#/experiments/{experiment}/runs/{run.info.run_id}"
    assert line == f"Tracked on MLflow: {address}"
    assert model == (
        f"The model is registered as {MODEL}, version 1; it is the champion."
    )
    assert tracked.errors == ""
    assert not list(tracked.folder.glob("ml*"))


def test_the_run_is_finished_and_has_readable_parameters_of_its_recipe_only(run):
    parameters = run.data.params
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "quick, seed 5"
    expected = {
        **{"recipe": "quick", "seed": "5", "train.epochs": str(EPOCHS)},
        **{"train.network.filters": "[[32], [64]]", "train.augmentation.shift": "1.0"},
        **{"train.validation_fraction": "0.1", "detector.pictures": "2000"},
    }
    assert expected.items() <= parameters.items()
    assert not [name for name in parameters if "recipes" in name]
    assert max(map(len, [*parameters, *parameters.values()])) < 100


def test_the_metrics_are_those_of_the_records(run, tracked):
    metrics = run.data.metrics
    recorded = record(tracked, "metrics")
    for name in ("test_accuracy", "accuracy_low", "ece", "coverage_at_1e-3_error"):
        assert metrics[name] == recorded[name]
    check = record(tracked, "export_check")
    assert metrics["export/largest_difference"] == check["largest_difference"]
    table = pd.read_csv(tracked.newest("07_model_output/detector_predictions.csv"))
    wrong = table.filter(regex=r"^logit").to_numpy().argmax(axis=1) != table["label"]
    assert metrics["validation_error"] == pytest.approx(wrong.mean())
    assert not {"seed", "epochs", "train_images"} & metrics.keys()


def test_the_learning_curve_is_logged_epoch_by_epoch_during_training(
    run, client, tracked
):
    history = pd.read_csv(tracked.newest("08_reporting/history.csv"))
    for name in ("loss", "val_accuracy", "learning_rate"):
        points = client.get_metric_history(run.info.run_id, f"epoch/{name}")
        points.sort(key=lambda point: point.step)
        assert [point.step for point in points] == list(range(1, EPOCHS + 1))
        assert [point.value for point in points] == pytest.approx(list(history[name]))
        times = [point.timestamp / 1000 for point in points]
        assert all(np.diff(times) > history["seconds"].min() / 2)
        assert times[-1] < tracked.newest("08_reporting/history.csv").stat().st_mtime


def test_the_datasets_are_named_with_their_digests(run, tracked):
    inputs = {entry.tags[0].value: entry.dataset for entry in run.inputs.dataset_inputs}
    digest = record(tracked, "training")["dataset_digest"]
    assert {use: dataset.name for use, dataset in inputs.items()} == {
        "training": "custom train",
        "evaluation": "custom test",
    }
    assert {dataset.digest for dataset in inputs.values()} == {digest[:36]}
    assert json.loads(inputs["training"].profile) == {"images": 360}


def test_the_run_and_the_results_lead_to_each_other(run, tracked):
    training, metrics = record(tracked, "training"), record(tracked, "metrics")
    assert training["mlflow_run_id"] == metrics["mlflow_run_id"] == run.info.run_id
    expected = {
        **{"recipe": "quick", "seed": "5", "dataset": "custom"},
        "version": metrics["model_version"],
        **{name: metrics[name] for name in ("kedro_version", "model_digest")},
        "code_revision": metrics["code_revision"],
    }
    assert expected.items() <= run.data.tags.items()


def test_reports_and_records_are_artifacts(run, client):
    def listed(folder):
        return {file.path for file in client.list_artifacts(run.info.run_id, folder)}

    assert listed("reports") == {
        *("reports/charts.html", "reports/mistakes.png"),
        *("reports/history.csv", "reports/digit_scores.csv"),
    }
    assert {"records/training.json", "records/metrics.json"} <= listed("records")


def test_the_charts_open_in_the_page_of_mlflow_which_asks_no_other_host(
    run, server, browser
):
    page = browser.new_page()
    page.set_default_timeout(300_000)  # machines are busy
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    run_page = f"{server}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    page.goto(f"{run_page}/artifacts/reports/charts.html")
    frame = page.frame_locator("iframe").first
    frame.locator(".js-plotly-plot .main-svg").nth(7).wait_for(state="attached")
    titles = frame.locator(".gtitle").all_inner_texts()
    page.close()
    assert len(titles) == 4
    assert hosts - {""} == {server.removeprefix("http://")}


@pytest.fixture(scope="module")
def logged_model(server, tracked, tmp_path_factory) -> Path:
    """The folder of the champion, downloaded from the server."""
    folder = tmp_path_factory.mktemp("champion")
    uri = f"models:/{MODEL}@{CHAMPION}"
    with mock.patch.dict(os.environ, MLFLOW_TRACKING_URI=server):
        return Path(download_artifacts(uri, dst_path=str(folder), tracking_uri=server))


def test_the_model_states_its_inputs_outputs_example_and_packages(logged_model):
    text = (logged_model / "MLmodel").read_text()
    assert '"name": "picture"' in text
    assert '"type": "binary"' in text
    assert '"name": "accepted"' in text
    requirements = (logged_model / "requirements.txt").read_text().split()
    assert all("==" in line for line in requirements)
    assert {line.split("==")[0] for line in requirements} >= {"onnxruntime", "mlflow"}
    assert not {
        line for line in requirements if "tensorflow" in line or "kedro" in line
    }
    assert (logged_model / "input_example.json").exists()


def test_the_champion_reads_a_picture_with_its_own_code(
    logged_model, tracked, page_of, tmp_path
):
    page = page_of("640")
    picture = io.BytesIO()
    Image.fromarray(page).save(picture, "PNG")
    (tmp_path / "page.png").write_bytes(picture.getvalue())
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys, pandas, mlflow.pyfunc\n"
            f"model = mlflow.pyfunc.load_model({str(logged_model)!r})\n"
            "data = [open('page.png', 'rb').read(), b'no picture']\n"
            "print(model.predict(pandas.DataFrame({'picture': data})).to_json())\n"
            "import digit_recognition\n"
            "print(digit_recognition.__file__)\n"
            "print({'tensorflow', 'kedro'} & set(sys.modules))",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": "", "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    table, code, others = done.stdout.splitlines()[-3:]
    assert Path(code).is_relative_to(logged_model)
    assert others == "set()"
    rows = pd.DataFrame(json.loads(table))
    model_onnx = tracked.newest("06_models/model.onnx").read_bytes()
    from digit_recognition.models.onnx_sessions import open_session

    reader = load_reader(open_session(model_onnx), 0.001, 0.95, KEEP_DIGITS)
    (line,) = reader.read(np.float32(page) / 255)
    first, last = rows.to_dict("records")
    assert first["number"] == line.number
    assert len(first["number"]) == 3
    assert first["confidence"] == pytest.approx(line.confidence)
    assert first["accepted"] == (not line.reason)
    assert first["reason"] == line.reason
    assert (last["picture"], last["number"], last["accepted"]) == (1, "", False)
    assert last["reason"] == "expected a picture, received text"


def test_only_a_model_with_a_lower_validation_error_becomes_the_champion(
    run, client, server
):
    tracked_run = TrackedRun(
        Connection(client, server, run.info.experiment_id), run.info.run_id
    )
    (output,) = run.outputs.model_outputs
    tags = {"validation_error": "0.05", "dataset_digest": "a"}

    def register(**other):
        said = register_model(tracked_run, "rivals", output.model_id, tags | other)
        champion = client.get_model_version_by_alias("rivals", CHAMPION)
        return champion.version, said.partition("; ")[2]

    assert register() == ("1", "it is the champion")
    assert register(validation_error="0.05") == (
        "1",
        "the champion is still version 1, whose validation error is not higher",
    )
    assert register(validation_error="0.01", dataset_digest="b") == (
        "1",
        "the champion is still version 1, which was trained on other data",
    )
    assert register(validation_error="0.04")[0] == "4"


@pytest.fixture
def copied(tracked, tmp_path):
    """A copy of the tracked project that the test may change."""
    return tracked.copy_to(tmp_path / "project")


@pytest.mark.parametrize(
    ("error", "status"), [(ProjectError("no"), "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_run_that_fails_or_is_stopped_is_marked_so(
    error, status, copied, client, server
):
    with mock.patch("digit_recognition.pipelines.train.nodes.fit", side_effect=error):
        done = copied.kedro(
            *(*TRACKED, "--pipelines", "prepare,train", "--params", "recipe=quick"),
            MLFLOW_TRACKING_URI=server,
        )
    assert done.returncode in (1, 130)
    run = find_run(client, copied.versions("05_model_input/x_train.zarr")[-1])
    assert run.info.status == status


def test_a_run_whose_process_was_killed_is_marked_by_the_next(client, server, run):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    connection = Connection(client, server, run.info.experiment_id)
    with mock.patch("os.getpid", return_value=ended.pid):
        killed = TrackedRun.start(connection, "killed", {})
    living = TrackedRun.start(connection, "living", {})
    mark_abandoned(connection)
    assert client.get_run(killed.run_id).info.status == "KILLED"
    assert client.get_run(living.run_id).info.status == "RUNNING"
    living.end("FINISHED")


def test_without_a_server_the_run_goes_on_and_is_logged_later(copied, client, server):
    started = time.monotonic()
    done = copied.kedro(
        *(*TRACKED, "--pipelines", "evaluate"), MLFLOW_TRACKING_URI=NOBODY
    )
    assert time.monotonic() - started < 300
    assert done.returncode == 0, done.stderr
    version = copied.versions("08_reporting/metrics.json")[-1]
    assert done.stderr == (
        f"WARNING: Tracking is off: {NOBODY} does not answer ([Errno 111] Connection "
        f"refused). The run goes on; `kedro mlflow-upload {version}` logs its results "
        "later.\n"
    )
    metrics = record(copied, "metrics")
    assert "mlflow_run_id" not in metrics
    for said in ("is logged as run", "is on MLflow already, as run"):
        done = copied.kedro("mlflow-upload", version, MLFLOW_TRACKING_URI=server)
        assert done.returncode == 0, done.stderr
        run = find_run(client, version)
        assert done.stdout == f"{version} {said} {run.info.run_id}.\n"
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_accuracy"] == metrics["test_accuracy"]
    assert run.data.tags["model_version"] == metrics["model_version"]


def test_a_run_whose_server_dies_is_completed_by_the_upload(copied, client, server):
    log_batch, calls = MlflowClient.log_batch, []

    def dies(*arguments, **options):
        calls.append(options)
        if "metrics" in options:
            raise ConnectionError("The server is gone.")
        return log_batch(*arguments, **options)

    command = ("--pipelines", "train,evaluate", "--params", PARAMS)
    with mock.patch.object(MlflowClient, "log_batch", dies):
        done = copied.kedro(*TRACKED, *command, MLFLOW_TRACKING_URI=server)
    assert done.returncode == 0, done.stderr
    version = copied.versions("08_reporting/metrics.json")[-1]
    assert done.stderr.splitlines()[-1] == (
        "WARNING: Tracking was stopped: The server is gone. The run goes on; "
        f"`kedro mlflow-upload {version}` logs its results later."
    )
    assert sum("metrics" in options for options in calls) == 1
    assert find_run(client, version).info.status == "RUNNING"
    with mock.patch("digit_recognition.tracking.uploading.is_in_progress") as busy:
        busy.return_value = True
        refused = copied.kedro("mlflow-upload", version, MLFLOW_TRACKING_URI=server)
        busy.return_value = False
        done = copied.kedro("mlflow-upload", version, MLFLOW_TRACKING_URI=server)
    assert "expected a version whose run has ended" in refused.stderr
    assert done.returncode == 0, done.stderr
    run = find_run(client, version)
    assert run.info.status == "FINISHED"
    points = client.get_metric_history(run.info.run_id, "epoch/loss")
    assert sorted(point.step for point in points) == list(range(1, EPOCHS + 1))


def test_without_the_environment_nothing_of_mlflow_is_imported(
    trained, project_after_run
):
    project = project_after_run
    done = project.python(
        "-c",
        "import sys\n"
        "from kedro.framework.cli.cli import main\n"
        "sys.argv = ['kedro', 'run', '--pipelines', 'compare']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print([name for name in sys.modules if name.startswith('mlflow')])",
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert "Tracked" not in trained.output
    assert "mlflow_run_id" not in record(project, "training")
    assert not (project.folder / "mlflow.db").exists()


def test_tracking_parameters_are_unknown_without_the_environment(copied):
    done = copied.kedro("run", "--params", "mlflow.register=true")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: expected a known parameter in --params, received 'mlflow'; add --env "
        "mlflow, which has this group of parameters\n"
    )
