import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT

from digit_recognition.datasets import Journal
from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.sweep import nodes
from digit_recognition.pipelines.sweep.nodes import (
    SweepParameters,
    draw_sweep,
    train_recipes,
)

PARAMETERS = {
    **{"recipes": ["plain", "quick"], "seeds": 2, "variants": [{}, {"epochs": 3}]},
    **{"test": False, "corruptions": False},
    **{"resume": True, "scheduler": None, "threads": None},
}
INFO = {"dataset_digest": "0" * 64}


class FakeTrainer:
    problem = ""

    def __init__(self, data, *_, **__):
        FakeTrainer.data = set(data)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, trainings):
        FakeTrainer.trainings = trainings
        return [{"name": str(item), "problem": self.problem} for item in trainings]


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(nodes, "Trainer", FakeTrainer)
    monkeypatch.setattr(FakeTrainer, "problem", "")

    def sweep(**changes):
        names = ("train", "evaluate", "robustness")
        files = [ROOT / "conf" / "base" / f"parameters_{name}.yml" for name in names]
        return train_recipes(
            *(None, None, None, None, INFO, Journal(tmp_path)),
            SweepParameters.model_validate(PARAMETERS | changes),
            *(yaml.safe_load(file.read_text())[file.stem[11:]] for file in files),
        )

    return sweep


def test_each_recipe_and_variant_is_trained_with_each_seed(sweep):
    assert sweep()["name"].tolist() == [
        *("plain, seed 0", "quick, seed 0"),
        *("plain, seed 0, epochs=3", "quick, seed 0, epochs=3"),
        *("plain, seed 1", "quick, seed 1"),
        *("plain, seed 1, epochs=3", "quick, seed 1, epochs=3"),
    ]


def test_test_images_reach_the_trainings_only_when_asked_for(sweep):
    sweep()
    assert FakeTrainer.data == {"x_train", "y_train", "dataset_info"}
    assert not any(training.test for training in FakeTrainer.trainings)
    sweep(test=True)
    assert FakeTrainer.data > {"x_test", "y_test"}
    assert all(training.test for training in FakeTrainer.trainings)


def test_a_sweep_whose_trainings_all_fail_says_why(sweep, monkeypatch):
    monkeypatch.setattr(FakeTrainer, "problem", "the loss is not finite")
    with pytest.raises(ProjectError, match="errors only: the loss is not finite"):
        sweep()


def table(**columns):
    return pd.DataFrame(
        {
            "recipe": ["plain", "plain", "quick", "quick"],
            "seed": [0, 1, 0, 1],
            "changes": [None, None, "epochs=3", "epochs=3"],  # as CSV files have it
            "dataset": "mnist",
            "problem": [None, None, None, "the loss is not finite"],
            "validation_accuracy": [0.97, 0.99, 0.96, np.nan],
            **columns,
        }
    )


def test_the_chart_has_each_training_and_the_means_but_no_failure():
    dots, means = draw_sweep(table()).data
    assert dots.y == ("plain", "plain", "quick epochs=3")
    assert dots.x == pytest.approx((97, 99, 96))
    assert means.y == ("plain", "quick epochs=3")
    assert means.x == pytest.approx((98, 96))


def test_the_chart_has_the_test_accuracies_of_a_tested_sweep():
    figure = draw_sweep(table(test_accuracy=[0.9, 0.8, 0.7, np.nan]))
    assert [trace.name for trace in figure.data] == [
        *("validation", "validation, mean", "test", "test, mean")
    ]
    assert figure.data[3].x == pytest.approx((85, 70))
