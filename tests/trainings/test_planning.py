import pytest
import yaml
from conftest import ROOT
from kedro.validation import ParameterValidationError

from digit_recognition.errors import ProjectError
from digit_recognition.trainings.planning import ClusterParameters, plan_training

CLUSTER = ClusterParameters(resume=True, scheduler=None, threads=None)
INFO = {"dataset_digest": "0" * 64}


@pytest.fixture(scope="module")
def parameters():
    names = ("train", "evaluate", "robustness")
    base = ROOT / "conf" / "base"
    return {
        name: yaml.safe_load((base / f"parameters_{name}.yml").read_text())[name]
        for name in names
    }


@pytest.fixture
def plan(parameters):
    def plan(recipe="quick", seed=0, changes=None, cluster=CLUSTER, **options):
        return plan_training(
            recipe, seed, changes or {}, INFO, cluster, parameters, **options
        )

    return plan


def test_a_plan_holds_the_complete_recipe_with_its_changes(plan, parameters):
    changes = {"epochs": 9, "augmentation.shift": 3.0, "network.columns": 2}
    training = plan("quick", 4, changes)
    (recipe,) = training.parameters["train"]["recipes"].values()
    assert recipe["epochs"] == 9
    assert recipe["augmentation"]["shift"] == 3.0
    assert recipe["augmentation"]["rotation"] == 5.0  # as before
    assert recipe["network"]["columns"] == 2
    assert recipe["network"]["dense_units"] == 128  # from the base
    assert "columns" not in parameters["train"]["recipes"]["quick"].get("network", {})
    assert str(training) == (
        "quick, seed 4, epochs=9 augmentation.shift=3.0 network.columns=2"
    )


def test_only_what_a_result_depends_on_changes_its_key(plan, parameters):
    keys = [
        plan().key,
        plan("plain").key,
        plan(seed=1).key,
        plan(changes={"epochs": 3}).key,
        plan(cluster=CLUSTER.model_copy(update={"threads": 1})).key,
        plan(test=True).key,
        plan(corruptions=True).key,
    ]
    assert len(set(keys)) == len(keys)
    other = {**parameters["train"]["recipes"]["standard"], "epochs": 3}
    recipes = {**parameters["train"]["recipes"], "standard": other}
    train = {**parameters["train"], "recipes": recipes, "resume": False}
    again = plan_training(
        *("quick", 0, {}, INFO),
        CLUSTER.model_copy(update={"scheduler": "tcp://host:8786", "resume": False}),
        {**parameters, "train": train},
    )
    assert again.key == keys[0]


def test_mistakes_are_found_before_any_training_starts(plan):
    with pytest.raises(ProjectError, match="expected one of plain, quick"):
        plan("quikc")
    with pytest.raises(ParameterValidationError, match="epohcs: expected no such"):
        plan(changes={"epohcs": 3})
    with pytest.raises(ParameterValidationError, match="received '3'"):
        plan(changes={"epochs": "3"})
    with pytest.raises(ParameterValidationError, match="shift: expected a value"):
        plan("plain", changes={"augmentation.rotation": 5.0})
