import numpy as np
import pandas as pd
import pytest
from kedro.validation import ModelInstantiationError

from digit_recognition.corruptions import FAMILIES, MNIST_C, corrupt
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import RANDOM_CHANGES, EvaluateParameters
from digit_recognition.models.cnn import build_cnn
from digit_recognition.parameters import Seed
from digit_recognition.pipelines.robustness.nodes import (
    RobustnessParameters,
    measure_robustness,
    near_families,
    summarize_robustness,
)

IMAGES = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
LABELS = np.arange(20) % 10
ONE_HOT = np.eye(10, dtype=np.float32)[LABELS]
NEAREST = {"rotation": "rotate", "noisy": "shot_noise", "blurred": "motion_blur"}
LINEAGE = {"versions": {"model": "m1", "x_test": "a1"}, "processor": "cpu"}


def parameters(**changes):
    return RobustnessParameters.model_validate(
        {
            "families": {"stripe": 3, "rotate": 2},
            "strength": None,
            "mnist_c": None,
            "examples": 4,
            "nearest": NEAREST,
        }
        | changes
    )


@pytest.fixture(scope="module")
def model():
    import keras

    keras.utils.set_random_seed(3)
    network = build_cnn(filters=[[2]], dense_units=4)
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return network


DATA = {
    "dataset": "mnist",
    "dataset_digest": "d",
    "digests": {"x_test": array_digest(IMAGES), "y_test": array_digest(ONE_HOT)},
}


def record(model, augmentation=None):
    return {
        **DATA,
        **{"recipe": "standard", "seed": 3},
        "augmentation": augmentation,
        "model_digest": weights_digest(model.get_weights()),
    }


def measure(model, given, published=None, augmentation=None):
    training = record(model, augmentation)
    return measure_with(model, training, given, published or {})


def measure_with(model, training, given, published):
    allowed = EvaluateParameters(allow_other_data=False)
    return measure_robustness(
        *(model, training, IMAGES, ONE_HOT, DATA, published, Seed(5), given, allowed)
    )


def test_each_family_has_a_row_after_the_clean_images(model):
    table, *_ = measure(model, parameters())
    assert table["family"].tolist() == ["clean", "stripe", "rotate"]
    assert table["strength"].tolist() == [0, 3, 2]
    assert table["images"].tolist() == [20, 20, 20]


def test_loss_and_accuracy_of_a_family_are_those_of_keras(model):
    table, *_ = measure(model, parameters())
    for row in table.itertuples():
        images = IMAGES
        if row.family != "clean":
            images = corrupt(IMAGES, row.family, row.strength, 5)
        loss, accuracy = model.evaluate(images, ONE_HOT, verbose=0)
        assert row.loss == pytest.approx(loss, rel=1e-4)
        assert row.accuracy == pytest.approx(accuracy)
        assert 0 <= row.expected_calibration_error <= 1


def test_one_strength_for_all_families_replaces_their_own(model):
    table, *_ = measure(model, parameters(strength=1))
    assert table["strength"].tolist() == [0, 1, 1]


def test_a_family_without_a_strength_is_left_out(model):
    table, *_ = measure(model, parameters(families={"fog": None, "stripe": 3}))
    assert table["family"].tolist() == ["clean", "stripe"]
    one = parameters(families={"fog": None, "stripe": 3}, strength=2)
    assert measure(model, one)[0]["family"].tolist() == ["clean", "stripe"]


def test_examples_keep_no_other_image_in_memory(model):
    _, examples, _ = measure(model, parameters())
    assert all(some["images"].base is None for some in examples.values())


def test_examples_are_the_first_images_and_their_predictions(model):
    _, examples, _ = measure(model, parameters())
    assert list(examples) == ["clean", "stripe", "rotate"]
    some = examples["stripe"]
    striped = corrupt(IMAGES, "stripe", 3, 5)[:4]
    np.testing.assert_array_equal(some["images"], striped[..., 0])
    predicted = model.predict(striped, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(some["predicted"], predicted)
    np.testing.assert_array_equal(some["correct"], predicted == LABELS[:4])


def test_published_images_replace_the_families(model):
    fog = np.random.default_rng(1).integers(0, 256, IMAGES.shape, np.uint8)
    table, *_ = measure(
        model,
        parameters(mnist_c="somewhere"),
        {"fog": {"images": fog, "labels": LABELS}},
    )
    assert table["family"].tolist() == ["clean", "fog"]
    assert pd.isna(table["strength"][1])
    loss, _ = model.evaluate(fog / np.float32(255), ONE_HOT, verbose=0)
    assert table["loss"][1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    ("arrays", "received"),
    [
        (
            {"images": np.zeros((3, 28, 28, 1), np.uint8)},
            "the 20 test images .* received 3 images; MNIST-C",
        ),
        (
            {"images": np.zeros(IMAGES.shape, np.uint8), "labels": LABELS[::-1]},
            "received 20 images with other labels; MNIST-C",
        ),
    ],
)
def test_published_images_of_other_test_images_are_refused(model, arrays, received):
    with pytest.raises(ProjectError, match=received):
        measure(model, parameters(mnist_c="somewhere"), {"fog": arrays})


def test_the_record_of_another_model_is_refused(model):
    training = DATA | {"model_digest": "0123456789abcdef"}
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        measure_with(model, training, parameters(), {})


@pytest.mark.parametrize(
    ("augmentation", "near"),
    [
        (None, set()),
        ({"rotation": 12.0, "shift": 2.5, "paper": None}, {"rotate"}),
        ({"rotation": 0.0, "paper": {"share": 0.5, "noisy": 0.3}}, {"shot_noise"}),
        ({"rotation": 0.0, "paper": {"share": 0.5, "contrast": 1.0}}, set()),
        (
            {"rotation": 12.0, "paper": {"share": 1.0, "noisy": 0.3, "blurred": 0.0}},
            {"rotate", "shot_noise"},
        ),
    ],
)
def test_a_family_is_near_if_training_made_the_change_nearest_to_it(augmentation, near):
    nearest = NEAREST | {"contrast": "contrast"}
    assert near_families({"augmentation": augmentation}, nearest) == near


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"families": {"frogs": 3}}, r"expected families among shot_noise.*'frogs'"),
        ({"families": {"fog": 6}}, "families.fog.*received 6"),
        ({"families": {}}, "families.*at least one family"),
        ({"families": {"fog": None}}, "families.*at least one family"),
        ({"nearest": {"rotation": "rotated"}}, r"expected families among.*'rotated'"),
        (
            {"nearest": {"rotaton": "rotate"}},
            r"expected random changes among rotation.*'rotaton'",
        ),
        ({"strength": 0}, "strength.*received 0"),
        ({"examples": 0}, "examples.*received 0"),
        ({"family": "fog"}, "family: expected no such parameter"),
    ],
)
def test_impossible_parameters_are_refused(changes, said):
    with pytest.raises(ModelInstantiationError, match=said):
        parameters(**changes)


def table(rows):
    found = pd.DataFrame(rows, columns=["family", "strength", "near", "accuracy"])
    found["strength"] = found["strength"].astype("Int64")
    found["images"] = 20
    return found


def summarize(rows):
    return summarize_robustness(
        table(rows),
        pd.DataFrame({"images": [300, 100], "accuracy": [0.9, 0.5]}),
        {"recipe": "r", "seed": 1, "model_digest": "w", "dataset": "mnist"},
        {"dataset": "mnist", "dataset_digest": "d"},
        Seed(9),
        LINEAGE,
    )


def test_the_summary_has_the_means_of_near_and_far_families_and_the_worst_one():
    summary = summarize(
        [
            ("clean", 0, False, 0.99),
            ("rotate", 2, True, 0.9),
            ("fog", 5, False, 0.5),
            ("stripe", 3, False, 0.6),
        ]
    )
    assert summary["accuracy_clean"] == 0.99
    assert summary["accuracy_near"] == 0.9
    assert summary["accuracy_far"] == pytest.approx(0.55)
    assert summary["accuracy_others"] is None
    assert summary["accuracy_mnist_c"] is None
    assert summary["accuracy_other_writers"] == pytest.approx(0.8)
    assert (summary["worst_family"], summary["worst_accuracy"]) == ("fog", 0.5)
    assert summary["corruptions"] == "own"
    assert (summary["seed"], summary["corruption_seed"]) == (1, 9)
    assert summary["test_images"] == 20
    assert summary["model_version"] == "m1"


def test_the_mnist_c_mean_needs_all_fifteen_families_in_their_strengths():
    rows = [
        ("clean", 0, False, 1.0),
        *((family, s, False, 0.8) for family, s in MNIST_C.items()),
        ("jpeg", 3, False, 0.1),
    ]
    assert summarize(rows)["accuracy_mnist_c"] == pytest.approx(0.8)
    assert summarize(rows)["accuracy_others"] == pytest.approx(0.1)
    rows[1] = ("shot_noise", 1, False, 0.8)
    assert summarize(rows)["accuracy_mnist_c"] is None


def test_published_images_have_an_mnist_c_mean():
    rows = [
        ("clean", 0, False, 1.0),
        *((family, None, False, 0.7) for family in MNIST_C),
    ]
    summary = summarize(rows)
    assert summary["accuracy_mnist_c"] == pytest.approx(0.7)
    assert summary["corruptions"] == "published"


def test_the_mean_over_no_near_family_is_null():
    summary = summarize([("clean", 0, False, 1.0), ("fog", 5, False, 0.5)])
    assert summary["accuracy_near"] is None


def test_the_parameters_name_every_family_and_every_random_change():
    import yaml
    from conftest import ROOT

    path = ROOT / "conf" / "base" / "parameters_robustness.yml"
    given = yaml.safe_load(path.read_text())["robustness"]
    assert given["families"].keys() == FAMILIES.keys()
    assert MNIST_C.items() <= given["families"].items()
    assert given["nearest"].keys() == set(RANDOM_CHANGES)
