import logging

import pandas as pd
import pytest
from kedro.io import DataCatalog, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from digit_recognition.hooks import SummaryHooks
from digit_recognition.hooks import summary as module

METRICS = {
    "test_accuracy": 0.995,
    "accuracy_low": 0.9934,
    "accuracy_high": 0.9962,
    "test_images": 10000,
    "dataset": "mnist",
}
READING = {
    "pictures": 1234,
    "numbers": 3,
    "accepted": 2,
    "not_readable": 3,
    "files_skipped": 0,
    "stray_marks": 0,
    "max_error": 0.001,
    "certainty": 0.95,
    "certain": True,
    "certain_max_error": 0.001,
    "max_number_error": 0.005,
    "certain_numbers": True,
    "dataset": "mnist",
}
READINGS = pd.DataFrame()


@pytest.fixture
def printed(capsys, tmp_path, monkeypatch):
    """What a run prints at its end that saved the given data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    def run(stage, **saved):
        def save():
            """Make the outputs."""

        hooks = SummaryHooks()
        hooks.before_pipeline_run()
        datasets = {}
        for name, data in saved.items():
            path = f"{tmp_path}/{name}.json"
            datasets[name] = JSONDataset(filepath=path, version=Version(None, "now"))
            datasets[name].save({})
            hooks.after_dataset_saved(name, data)
        node = Node(save, None, list(saved), name="node", namespace=stage)
        assert capsys.readouterr().out == ""
        hooks.after_pipeline_run(Pipeline([node]), DataCatalog(datasets))
        return capsys.readouterr().out

    return run


def test_the_accuracy_its_interval_and_data_are_followed_by_paths_and_commands(printed):
    assert printed("evaluate", metrics=METRICS).splitlines() == [
        "",
        "Test accuracy 99.50 %, 95 % interval 99.34 % to 99.62 %, on the 10,000 test "
        "images of MNIST.",
        "  metrics  metrics.json/now/metrics.json",
        "Next:",
        "  kedro run --pipelines robustness  measure it on corrupted images",
        "  kedro run --pipelines compare     compare the metrics of all runs",
    ]


def test_the_log_is_named_where_it_is_from_any_folder(printed, tmp_path):
    log = tmp_path.parent / f"{tmp_path.name}.log"
    handler = logging.FileHandler(log)
    logging.getLogger().addHandler(handler)
    assert f"\n  log      {log}\n" in printed("evaluate", metrics=METRICS)
    handler.close()


def test_accuracy_on_the_sample_is_not_called_mnists(printed):
    line = printed("evaluate", metrics=METRICS | {"dataset": "mnist-sample"})
    assert "of the 5,000-image sample.\n" in line


def test_numbers_are_counted_as_accepted_and_set_aside(printed):
    lines = printed("read", readings=READINGS, reading_summary=READING).splitlines()
    assert lines[1:3] == [
        "1,234 pictures: 3 numbers read, 2 accepted, 1 set aside for a person; "
        "3 pictures not readable.",
        "At most 0.001 of the accepted single digits and 0.005 of the longer numbers "
        "are wrong, with 95 % certainty, if they are like MNIST's.",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"files_skipped": 2}, "3 pictures not readable; 2 other files skipped."),
        ({"stray_marks": 1}, "3 pictures not readable; 1 mark in no number."),
        ({"dataset": "mnist-sample"}, "on the 5,000-image sample, not on MNIST.\n"),
        ({"pictures": 1, "not_readable": 1}, "\n1 picture: "),
        ({"certain_numbers": False}, "0.001 of the accepted digits are wrong, with"),
        (
            {"certain": False, "certain_max_error": 0.01},
            "This model's validation part cannot guarantee max_error 0.001: the "
            "smallest possible, 0.01, is used, for digits like MNIST's.\n",
        ),
        (
            {"certain": False, "certain_max_error": None},
            "validation part guarantees neither max_error 0.001 nor any other: ",
        ),
    ],
)
def test_other_facts_about_a_reading_are_said(printed, changed, words):
    assert words in printed(
        "read", readings=READINGS, reading_summary=READING | changed
    )


@pytest.mark.parametrize(
    ("rows", "end"), [(1, " as Parquet files.\n"), (0, ", because they are too many")]
)
def test_the_partitions_of_a_cluster_are_named(printed, rows, end):
    readings = pd.DataFrame({"number": ["07"] * rows})
    summary = READING | {"parquet": "s3://bucket/results/1"}
    output = printed("read", readings=readings, reading_summary=summary)
    assert "\nThe rows are in s3://bucket/results/1 as Parquet files" in output
    assert end in output


@pytest.mark.parametrize("possible", [0.01, None])
def test_an_error_that_is_not_guaranteed_is_never_called_certain(printed, possible):
    summary = READING | {"certain": False, "certain_max_error": possible}
    assert "certainty" not in printed(
        "read", readings=READINGS, reading_summary=summary
    )


def test_a_training_alone_ends_with_its_validation_accuracy(printed):
    training = {"recipe": "quick", "seed": 3, "epochs": 2}
    history = pd.DataFrame({"val_accuracy": [0.9, 0.987]})
    assert (
        "\nRecipe quick, seed 3: validation accuracy 98.70 % after 2 epochs.\n"
        in printed("train", training=training, history=history)
    )


def test_accuracies_that_were_not_measured_are_left_out(printed):
    summary = {
        "accuracy_clean": 0.99,
        "accuracy_mnist_c": None,
        "accuracy_others": 0.9,
        "accuracy_other_writers": 0.95,
        "worst_family": "stripe",
        "worst_accuracy": 0.5,
    }
    assert (
        "\nAccuracy 99.00 % on clean images, 90.00 % on other corruptions, 95.00 % on "
        "other writers, 50.00 % on the worst (stripe).\n"
        in printed("robustness", robustness_summary=summary)
    )


def test_commands_name_the_program_where_no_environment_is_activated(
    printed, monkeypatch, tmp_path
):
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    monkeypatch.setattr(module.sys, "executable", f"{tmp_path}/.venv/bin/python")
    assert "\n  .venv/bin/kedro run --pipelines " in printed(
        "evaluate", metrics=METRICS
    )


def test_a_run_without_results_still_says_what_to_do_next(printed):
    assert printed("prepare", x_train=None).startswith("\nNext:\n")


def test_a_sweep_names_the_recipe_with_the_best_mean_and_its_range(printed):
    sweep = pd.DataFrame(
        {
            "recipe": ["plain", "quick", "quick", "quick"],
            "changes": ["", "", "epochs=3", "epochs=3"],
            "problem": ["", "loss", "", ""],
            "validation_accuracy": [0.98, None, 0.97, 0.995],
        }
    )
    assert printed("sweep", sweep=sweep).splitlines()[1] == (
        "4 trainings, of which 1 failed. Best on the validation images: quick "
        "epochs=3, 98.25 % (97.00 % to 99.50 % over 2 seeds)."
    )


def test_a_search_names_the_values_of_its_best_trial(printed):
    search = pd.DataFrame(
        {"changes": ["epochs=3", "epochs=4"], "validation_accuracy": [0.99, None]}
    )
    assert printed("search", search=search).splitlines()[1] == (
        "2 trials. Best on the validation images: 99.00 % with epochs=3."
    )
