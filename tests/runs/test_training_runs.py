"""Whole runs of the project, each in a folder of its own."""

import json
import random

import numpy as np
import pandas as pd
import pytest
import zarr
from kedro.io import DatasetError
from PIL import Image

from digit_recognition.corruptions import FAMILIES
from digit_recognition.datasets import OnnxDataset

pytestmark = pytest.mark.runs

CHARTS = (
    *("training_curves", "confusion_matrix"),
    *("reliability_diagram", "risk_coverage"),
)
SCORE = ("run", "--pipelines", "evaluate", "--to-outputs", "metrics")
ONE_EPOCH = "train.recipes.standard.epochs=1"


def read(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def version(trained):
    (version,) = trained.versions("06_models/model.keras")
    return version


def test_one_command_makes_everything_under_one_version(trained, version):
    files = {
        f"{path.parents[2].name}/{path.name}"
        for path in trained.folder.glob(f"data/*/*/{version}/*")
    }
    assert files == {
        "05_model_input/x_train.zarr",
        "05_model_input/y_train.zarr",
        "05_model_input/x_test.zarr",
        "05_model_input/y_test.zarr",
        "05_model_input/dataset_info.json",
        "06_models/model.keras",
        "06_models/detector.keras",
        "06_models/model.onnx",
        "07_model_output/predictions.csv",
        "07_model_output/detector_predictions.csv",
        "07_model_output/validation_predictions.csv",
        "08_reporting/history.csv",
        "08_reporting/training.json",
        "08_reporting/detector_training.json",
        "08_reporting/metrics.json",
        "08_reporting/digit_scores.csv",
        "08_reporting/training_curves.json",
        "08_reporting/confusion_matrix.json",
        "08_reporting/mistakes.png",
        "08_reporting/reliability_diagram.json",
        "08_reporting/risk_coverage.json",
        "08_reporting/export_check.json",
    }


def test_the_run_prints_a_line_for_each_stage_and_epoch_and_ends_with_a_summary(
    trained,
):
    metrics = read(trained.newest("08_reporting/metrics.json"))
    lines = trained.output.splitlines()
    stages = ["prepare", "train", "detector", "evaluate", "export"]
    assert sorted(line.split()[0] for line in lines[: len(stages) + 1]) == sorted(
        ["epoch", *stages]
    )
    accuracy = f"Test accuracy {100 * metrics['test_accuracy']:.2f} %, 95 % interval "
    assert lines[7].startswith(accuracy)
    named = [line.split()[1] for line in lines[8:] if line.startswith("  metrics")]
    assert read(trained.folder / named[0]) == metrics
    assert len(lines) < 20
    assert trained.errors == ""


def test_what_kedro_says_is_in_the_log(trained):
    log = (trained.folder / "kedro.log").read_text()
    assert "Completed node: prepare.load_mnist" in log
    assert "Pipeline execution completed successfully" in log


def test_the_metrics_tell_what_was_run(trained, version):
    metrics = read(trained.newest("08_reporting/metrics.json"))
    expected = {
        "dataset": "custom",
        "train_images": 360,
        "validation_images": 40,
        "test_images": 100,
        "recipe": "standard",
        "seed": 5,
        "epochs": 1,
        "model_version": version,
        "data_version": version,
        "code_revision": "unknown",
    }
    assert expected.items() <= metrics.items()


def test_the_arrays_are_what_keras_users_expect(trained):
    x_train = zarr.open_array(trained.newest("05_model_input/x_train.zarr"), mode="r")
    y_test = zarr.open_array(trained.newest("05_model_input/y_test.zarr"), mode="r")
    assert (x_train.shape, x_train.dtype) == ((400, 28, 28, 1), np.float32)
    assert (np.min(x_train), np.max(x_train)) == (0, 1)
    assert y_test.shape == (100, 10)
    assert np.sum(y_test) == 100


def test_the_saved_model_gives_the_metrics_that_were_reported(trained):
    import keras

    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        model = keras.models.load_model(trained.newest("06_models/model.keras"))
    x_test, y_test = (
        zarr.open_array(trained.newest(f"05_model_input/{name}.zarr"), mode="r")[...]
        for name in ("x_test", "y_test")
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    metrics = read(trained.newest("08_reporting/metrics.json"))
    assert metrics["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["test_accuracy"] == pytest.approx(accuracy)
    predictions = pd.read_csv(trained.newest("07_model_output/predictions.csv"))
    assert (predictions["label"] == predictions["predicted"]).mean() == pytest.approx(
        accuracy
    )


def test_the_exported_model_gives_the_predictions_that_were_reported(trained, version):
    session = OnnxDataset(filepath=trained.newest("06_models/model.onnx")).load()
    x_test = zarr.open_array(trained.newest("05_model_input/x_test.zarr"), mode="r")
    probabilities, *_ = session.run(None, {"image": x_test[...]})
    predictions = pd.read_csv(trained.newest("07_model_output/predictions.csv"))
    np.testing.assert_allclose(
        probabilities, predictions.filter(regex=r"^p\d$"), atol=1e-5
    )
    metadata = session.get_modelmeta().custom_metadata_map
    expected = {
        "model_version": version,
        "recipe": "standard",
        "seed": "5",
        "dataset": "custom",
        "validation_images": "40",
    }
    assert expected.items() <= metadata.items()
    check = read(trained.newest("08_reporting/export_check.json"))
    assert check["model_version"] == version
    assert (check["different_answers"], check["test_images"]) == (0, 100)


def test_an_old_model_is_exported_with_its_own_detector(project_after_run):
    project = project_after_run
    done = project.kedro(
        "run", "--pipelines", "train", "--params", f"seed=6,{ONE_EPOCH}"
    )
    assert done.returncode == 0, done.stderr
    old, _ = project.versions("06_models/model.keras")
    first = project.newest("06_models/model.onnx")
    export = ("run", "--pipelines", "export")
    done = project.kedro(*export)
    assert done.returncode == 1
    assert "Error: expected a detector of the model" in done.stderr
    done = project.kedro(*export, "--load-versions", f"model:{old}")
    assert done.returncode == 0, done.stderr
    again = project.newest("06_models/model.onnx")
    assert again != first
    one, other = (
        OnnxDataset(filepath=path).load().get_modelmeta().custom_metadata_map
        for path in (first, again)
    )
    assert one == other


def test_a_flipped_bit_in_any_result_is_noticed_when_it_is_loaded(
    project_after_run, version
):
    project, rng = project_after_run, random.Random(0)  # noqa: S311 (no secret)
    manifest = project.folder / f"data/08_reporting/manifests/{version}.sha256"
    listed = [line.split("  ")[1] for line in manifest.read_text().splitlines()[:-1]]
    assert {project.folder / path for path in listed} == {
        path
        for path in project.folder.glob(f"data/*/*/{version}/**/*")
        if path.is_file()
    }
    with project.catalog() as catalog:
        for path in listed:
            file = project.folder / path
            saved = file.read_bytes()
            flipped = bytearray(saved)
            flipped[rng.randrange(len(saved))] ^= 1 << rng.randrange(8)
            file.write_bytes(flipped)
            with pytest.raises(DatasetError, match=f"a damaged file: {file}; make"):
                catalog.load(
                    path.split("/")[2].replace(".onnx", "_onnx.").split(".")[0]
                )
            file.write_bytes(saved)


def test_an_old_model_judged_alone_has_the_same_metrics(project_after_run):
    project = project_after_run
    done = project.kedro("run", "--pipelines", "evaluate", "--params", "seed=9")
    assert done.returncode == 0, done.stderr
    folder = project.folder / "data/08_reporting/metrics.json"
    first, second = (
        read(folder / version / "metrics.json")
        for version in project.versions("08_reporting/metrics.json")
    )
    # The run in this process is of the repository's code, not of a copy.
    del first["code_revision"], second["code_revision"]
    assert second == first
    assert second["seed"] == 5


def test_each_pipeline_runs_alone_and_a_named_version_is_judged(project_after_run):
    project = project_after_run
    done = project.kedro("run", "--pipelines", "prepare")
    assert done.returncode == 0, done.stderr
    done = project.kedro(
        *("run", "--pipelines", "train", "--runner=ThreadRunner"),
        *("--params", ONE_EPOCH),
    )
    assert done.returncode == 0, done.stderr
    old, _ = project.versions("06_models/model.keras")
    done = project.kedro(
        "run", "--pipelines", "evaluate", "--load-versions", f"model:{old}"
    )
    assert done.returncode == 0, done.stderr
    metrics = read(project.newest("08_reporting/metrics.json"))
    assert metrics["model_version"] == old
    assert metrics["seed"] == 5
    assert metrics["data_version"] == project.versions("05_model_input/x_test.zarr")[1]


def test_a_killed_prepare_or_train_leaves_the_last_whole_version_in_use(
    project_after_run,
):
    """What a kill leaves: a newer record without its model, a newer half array."""
    project = project_after_run
    data = project.folder / "data"
    newer = "2999-01-01T00.00.00.000Z"
    record = data / "08_reporting/training.json" / newer / "training.json"
    record.parent.mkdir()
    record.write_text("{}")
    half = data / "05_model_input/x_test.zarr" / newer / "x_test.zarr" / "c" / "0"
    half.mkdir(parents=True)
    done = project.kedro(*SCORE)
    assert done.returncode == 0, done.stderr
    assert read(project.newest("08_reporting/metrics.json"))["seed"] == 5


def test_a_model_is_judged_on_its_own_arrays_unless_others_are_named_and_allowed(
    project_after_run, digits
):
    project = project_after_run
    project.put(digits | {"y_test": digits["y_test"][::-1].copy()})
    assert project.kedro("run", "--pipelines", "prepare").returncode == 0
    own, other = project.versions("05_model_input/x_test.zarr")
    done = project.kedro(*SCORE)
    assert done.returncode == 0, done.stderr
    assert f"Loading x_test, y_test of {own}: the model was trained" in done.stdout
    metrics = read(project.newest("08_reporting/metrics.json"))
    assert metrics["data_version"] == own
    done = project.kedro(*SCORE, "--load-versions", f"x_test:{other}")
    assert done.returncode == 1
    assert "Error: expected the test arrays that were prepared with" in done.stderr
    assert len(project.versions("07_model_output/predictions.csv")) == 2
    done = project.kedro(*SCORE, "--params", "evaluate.allow_other_data=true")
    assert done.returncode == 0, done.stderr


def test_arrays_of_two_prepares_are_not_trained_on_together(project_after_run, digits):
    project = project_after_run
    project.put(digits | {"y_train": digits["y_train"][::-1].copy()})
    assert project.kedro("run", "--pipelines", "prepare").returncode == 0
    old = project.versions("05_model_input/y_train.zarr")[0]
    done = project.kedro(
        "run", "--pipelines", "train", "--load-versions", f"y_train:{old}"
    )
    assert done.returncode == 1
    assert "received y_train" in done.stderr
    assert list(project.folder.glob("data/**/.saving*")) == []
    assert len(project.versions("06_models/model.keras")) == 1


def test_the_sample_is_named_at_the_start_at_the_end_and_in_the_metrics(sample_run):
    *_, before, last = sample_run.errors.splitlines()
    assert "This run is on a 5,000-image sample of MNIST" in before
    assert "These results are from the 5,000-image sample" in last
    assert "test images of the 5,000-image sample." in sample_run.output
    printed = sample_run.output + sample_run.errors
    assert len(printed.splitlines()) <= 40
    metrics = read(sample_run.newest("08_reporting/metrics.json"))
    assert metrics["dataset"] == "mnist-sample"
    assert (metrics["train_images"], metrics["test_images"]) == (3600, 1000)
    assert metrics["test_accuracy"] > 0.93


def test_an_environment_changes_one_parameter_and_a_path(project, digits):
    project.put(digits)
    environment = project.folder / "conf" / "quick"
    environment.mkdir()
    (environment / "parameters.yml").write_text(
        "seed: 4\ntrain:\n  recipes:\n    standard:\n      epochs: 2\n"
    )
    (environment / "catalog.yml").write_text(
        "training:\n  type: json.JSONDataset\n  versioned: true\n"
        "  filepath: data/elsewhere/training.json\n"
    )
    done = project.kedro("run", "--env", "quick", "--to-outputs", "training")
    assert done.returncode == 0, done.stderr
    training = read(project.newest("elsewhere/training.json"))
    assert (training["seed"], training["epochs"]) == (4, 2)
    assert training["batch_size"] > 0


def test_one_named_array_brings_those_that_were_made_with_it(project_after_run, digits):
    project = project_after_run
    project.put({name: array[::-1].copy() for name, array in digits.items()})
    assert project.kedro("run", "--pipelines", "prepare").returncode == 0
    old, _ = project.versions("05_model_input/x_test.zarr")
    done = project.kedro(*SCORE, "--load-versions", f"x_test:{old}")
    assert done.returncode == 0, done.stderr
    metrics = read(project.newest("08_reporting/metrics.json"))
    assert metrics["data_version"] == old


def test_a_version_that_does_not_exist_is_named(project_after_run):
    project = project_after_run
    done = project.kedro(*SCORE, "--load-versions", "model:2020-01-01")
    assert done.returncode == 1
    assert "received no version 2020-01-01 of it" in done.stderr


def test_the_newest_model_is_judged_on_corrupted_images(project_after_run):
    project = project_after_run
    done = project.kedro("run", "--pipelines", "evaluate,robustness")
    assert done.returncode == 0, done.stderr
    assert len(project.versions("08_reporting/metrics.json")) == 2
    table = pd.read_csv(project.newest("08_reporting/robustness.csv"))
    metrics = read(project.newest("08_reporting/metrics.json"))
    assert table["family"].tolist() == ["clean", *FAMILIES]
    assert table["accuracy"][0] == pytest.approx(metrics["test_accuracy"])
    summary = read(project.newest("08_reporting/robustness_summary.json"))
    assert summary["accuracy_mnist_c"] == pytest.approx(table["accuracy"][1:16].mean())
    assert summary["accuracy_others"] == pytest.approx(table["accuracy"][16:].mean())
    assert summary["model_version"] == metrics["model_version"]
    assert (summary["dataset"], summary["seed"]) == ("custom", 5)
    clean = f"{100 * table['accuracy'][0]:.2f} % on clean images"
    assert f"\nAccuracy {clean}, " in done.stdout
    for name in ("robustness_chart", "corruptions"):
        with Image.open(project.newest(f"08_reporting/{name}.png")) as picture:
            assert min(picture.size) > 800


def test_a_folder_of_published_corruptions_is_judged_instead(
    project_after_run, digits, tmp_path
):
    project = project_after_run
    (tmp_path / "mnist_c" / "fog").mkdir(parents=True)
    np.save(tmp_path / "mnist_c" / "fog" / "test_images.npy", digits["x_test"])
    options = ("run", "--pipelines", "robustness", "--params")
    done = project.kedro(*options, f"robustness.mnist_c={tmp_path / 'mnist_c'}")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(project.newest("08_reporting/robustness.csv"))
    assert table["family"].tolist() == ["clean", "fog"]
    assert table["accuracy"][1] == table["accuracy"][0]
    done = project.kedro(*options, f"robustness.mnist_c={tmp_path / 'nowhere'}")
    assert done.returncode == 1
    assert "which is not a folder; name the unpacked mnist_c folder" in done.stderr
    assert len(project.versions("08_reporting/robustness.csv")) == 1


def test_the_reports_agree_with_the_metrics(trained):
    metrics = read(trained.newest("08_reporting/metrics.json"))
    scores = pd.read_csv(trained.newest("08_reporting/digit_scores.csv"))
    assert scores["images"].tolist() == [10] * 10
    assert scores["recall"].mean() == pytest.approx(metrics["test_accuracy"])
    diagonal, errors = read(trained.newest("08_reporting/confusion_matrix.json"))[
        "data"
    ]
    counted = sum(count or 0 for row in errors["z"] for count in row)
    assert counted == metrics["test_errors"]
    hits = [row[digit] / 10 for digit, row in enumerate(diagonal["z"])]
    assert hits == pytest.approx(scores["recall"].tolist())
    (curve,) = read(trained.newest("08_reporting/risk_coverage.json"))["data"]
    share_of_errors = 1 - metrics["test_accuracy"]
    assert curve["y"][-1] == pytest.approx(100 * share_of_errors)
    curves = read(trained.newest("08_reporting/training_curves.json"))["data"]
    assert [len(trace["x"]) for trace in curves] == [1] * 4
    for name in CHARTS:
        chart = trained.newest(f"08_reporting/{name}.json")
        assert read(chart)["layout"]["title"]["text"]
        assert "bdata" not in chart.read_text()
    assert metrics["nll"] == metrics["test_loss"]
    assert metrics["temperature"] > 0
    with Image.open(trained.newest("08_reporting/mistakes.png")) as picture:
        assert min(picture.size) > 200


def test_the_newest_model_is_explained_with_a_test_image(project_after_run):
    project = project_after_run
    done = project.kedro("run", "--pipelines", "explain")
    assert done.returncode == 0, done.stderr
    shapes = pd.read_csv(project.newest("08_reporting/shapes.csv"))
    assert shapes["layer"].iloc[-1] == "total"
    assert shapes["parameters"].iloc[-1] == 225_034
    (version,) = project.versions("08_reporting/shapes.csv")
    for name in ("filters", "journey", "attention"):
        assert project.versions(f"08_reporting/{name}.png") == [version]
        with Image.open(project.newest(f"08_reporting/{name}.png")) as picture:
            assert min(picture.size) > 400
    done = project.kedro(
        *("run", "--pipelines", "explain", "--params", "explain.image=100")
    )
    assert done.returncode == 1
    assert "Error: expected explain.image from 0 to 99, received 100" in done.stderr


def test_a_picture_to_explain_is_named_as_seen_from_where_one_is(
    project_after_run, digits
):
    project = project_after_run
    sheet = np.full((140, 240), 230, np.uint8)
    for left, image in ((40, digits["x_test"][0]), (130, digits["x_test"][99])):
        ink = np.kron(image, np.ones((2, 2))) * 0.8
        sheet[40:96, left : left + 56] -= ink.astype(np.uint8)
    (project.folder / "scans").mkdir()
    Image.fromarray(sheet).save(project.folder / "scans" / "page.png")

    def explain(digit):
        params = f"explain.picture=page.png,explain.digit={digit}"
        return project.kedro(
            *("run", "--pipelines", "explain", "--params", params), within="scans"
        )

    done = explain(1)
    assert done.returncode == 0, done.stderr
    assert len(project.versions("08_reporting/journey.png")) == 1
    done = explain(2)
    assert done.returncode == 1
    assert "Error: expected digit 2 (from 0) in page.png, found 2" in done.stderr


def test_without_metrics_there_is_nothing_to_compare(project):
    done = project.kedro("run", "--pipelines", "compare")
    assert done.returncode == 1
    assert "Error: expected all_metrics, received none yet; `kedro run`" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not list(project.folder.glob("data/**/runs*"))


def test_all_runs_are_compared(project_after_run):
    project = project_after_run
    metrics = project.folder / "data" / "08_reporting" / "metrics.json"
    (first,) = project.versions("08_reporting/metrics.json")
    for version, text in (
        ("2020-01-01T00.00.00.000Z", '{"test_accuracy": 0.5, "dataset": "mnist"}'),
        ("2999-01-01T00.00.00.000Z", "damaged"),
    ):
        (metrics / version).mkdir()
        (metrics / version / "metrics.json").write_text(text)
    done = project.kedro("run", "--pipelines", "compare")
    assert done.returncode == 0, done.stderr
    assert "cannot be read: metrics of 2999-01-01T00.00.00.000Z" in done.stderr
    runs = pd.read_csv(project.newest("08_reporting/runs.csv"))
    assert runs["version"].tolist() == [first, "2020-01-01T00.00.00.000Z"]
    accuracy = read(metrics / first / "metrics.json")["test_accuracy"]
    assert runs["accuracy"].tolist() == pytest.approx([accuracy, 0.5])
    chart = read(project.newest("08_reporting/runs_chart.json"))
    drawn = [trace["y"] for trace in chart["data"]]
    assert drawn == [[pytest.approx(100 * accuracy)], [50]]


def test_the_package_runs_as_a_module(project_after_run):
    project = project_after_run
    done = project.python(
        *("-m", "digit_recognition", "--pipelines", "compare"),
        *("--conf-source", str(project.folder / "conf")),
    )
    assert done.returncode == 0, done.stderr
    assert len(project.versions("08_reporting/runs.csv")) == 1
