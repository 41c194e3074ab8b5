from digit_recognition.tracking.flattening import (
    flatten,
    numbers,
    record_parameters,
    run_parameters,
    shorten_key,
)

PARAMETERS = {
    "recipe": "mine",
    "seed": 3,
    "train": {
        "resume": True,
        "recipes": {
            "plain": {"epochs": 5, "network": {"filters": [[32], [64]]}},
            "mine": {"base": "plain", "epochs": 7, "augmentation": None},
        },
    },
    "detector": {"epochs": 4},
}
TRAIN = ("params:recipe", "params:seed", "params:train", "x_train")


def test_of_the_recipes_only_the_chosen_one_is_logged_and_whole():
    assert run_parameters(PARAMETERS, TRAIN) == {
        "recipe": "mine",
        "seed": "3",
        "train.resume": "true",
        "train.epochs": "7",
        "train.augmentation": "null",
        "train.network.filters": "[[32], [64]]",
    }


def test_parameters_that_the_pipeline_does_not_use_are_left_out():
    assert run_parameters(PARAMETERS, ["params:detector"]) == {"detector.epochs": "4"}


def test_the_records_name_the_same_parameters():
    training = {
        **{"recipe": "mine", "seed": 3, "epochs": 7, "augmentation": None},
        **{"network": {"filters": [[32], [64]]}, "digests": {"x_train": "ab"}},
        **{"model_digest": "cd", "gpus": [], "fit_seconds": 1.5},
    }
    records = {"training": training, "detector_training": {"epochs": 4, "seed": 3}}
    expected = run_parameters(PARAMETERS, [*TRAIN, "params:detector"])
    assert record_parameters(records).items() == (
        expected.items() - {("train.resume", "true")}
    )


def test_long_names_are_shortened_and_stay_distinct():
    name = "recipes." + "long" * 100
    short, other = shorten_key(f"{name}1"), shorten_key(f"{name}2")
    assert len(short) == len(other) == 250
    assert short != other
    assert short.startswith("recipes.longlong")


def test_a_name_keeps_only_what_mlflow_accepts():
    assert shorten_key("coverage at 1e-3: 50 %") == "coverage at 1e-3_ 50 _"
    assert flatten({"a": {"b%": {}}}) == {"a.b_": "{}"}


def test_metrics_are_the_measured_numbers():
    record = {
        **{"test_accuracy": 0.99, "test_errors": 1, "test_images": 100, "seed": 0},
        **{"dataset": "mnist", "deterministic": True, "accuracy_mnist_c": None},
    }
    expected = {"robustness/test_accuracy": 0.99, "robustness/test_errors": 1.0}
    assert numbers(record, "robustness/") == expected
