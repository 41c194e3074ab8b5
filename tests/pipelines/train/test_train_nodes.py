import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import RecipeName, Seed
from digit_recognition.pipelines.train import nodes
from digit_recognition.pipelines.train.fitting import batches
from digit_recognition.pipelines.train.nodes import build_model, train_model
from digit_recognition.pipelines.train.recipes import TrainParameters

PARAMETERS = TrainParameters.model_validate(
    {
        "validation_fraction": 0.25,
        "recipes": {
            "tiny": {
                "network": {"filters": [4], "kernel_size": 5, "dense_units": 16},
                "optimizer": "adam",
                "learning_rate": 0.01,
                "schedule": "constant",
                "batch_size": 20,
                "epochs": 3,
            }
        },
    }
)
RECIPE = (RecipeName("tiny"), Seed(7), PARAMETERS)


@pytest.fixture(scope="module")
def arrays(digits):
    x_train = (digits["x_train"][..., None] / 255).astype(np.float32)
    y_train = np.eye(10, dtype=np.float32)[digits["y_train"]]
    return x_train, y_train


@pytest.fixture(scope="module")
def dataset_info(arrays):
    x_train, y_train = arrays
    return {
        "dataset": "custom",
        "dataset_digest": "d",
        "digests": {
            "x_train": array_digest(x_train),
            "y_train": array_digest(y_train),
            "x_test": "t",
            "y_test": "u",
        },
    }


@pytest.fixture(scope="module")
def trained(arrays, dataset_info):
    return train_model(build_model(*RECIPE), *arrays, dataset_info, *RECIPE)


def test_the_model_is_built_and_compiled_as_the_recipe_says():
    model = build_model(*RECIPE)
    assert model.layers[0].filters == 4
    assert model.layers[0].kernel_size == (5, 5)
    assert model.layers[-2].units == 16
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert model.loss == "categorical_crossentropy"


def test_the_first_weights_are_drawn_by_the_seed():
    digests = [
        weights_digest(
            build_model(RecipeName("tiny"), Seed(seed), PARAMETERS).get_weights()
        )
        for seed in (1, 1, 2)
    ]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_training_learns_and_records_what_was_done(trained):
    history, training, _, model = trained
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert training | {"fit_seconds": 0, "model_digest": ""} == {
        "recipe": "tiny",
        "network": {"filters": [4], "kernel_size": 5, "dense_units": 16},
        "optimizer": "adam",
        "learning_rate": 0.01,
        "schedule": "constant",
        "batch_size": 20,
        "seed": 7,
        "epochs": 3,
        "fit_seconds": 0,
        "precision": "float32",
        "dataset": "custom",
        "dataset_digest": "d",
        "digests": training["digests"],
        "train_images": 300,
        "validation_images": 100,
        "model_digest": "",
    }
    assert training["fit_seconds"] > 0
    assert training["model_digest"] == weights_digest(model.get_weights())


def test_the_validation_part_holds_each_digit_and_is_never_trained_on(
    arrays, dataset_info, monkeypatch
):
    seen = []

    def watched(images, labels, indices, batch_size, seed=None):
        seen.append((set(indices.tolist()), seed))
        return batches(images, labels, indices, batch_size, seed)

    monkeypatch.setattr(nodes, "batches", watched)
    _, _, predictions, _ = train_model(
        build_model(*RECIPE), *arrays, dataset_info, *RECIPE
    )
    assert predictions["label"].value_counts().tolist() == [10] * 10
    (trained_on, seed), (validated_on, _) = seen
    assert seed == 7
    assert validated_on == set(predictions["index"])
    assert trained_on == set(range(400)) - validated_on


def test_the_validation_predictions_are_the_models_logits(trained, arrays):
    history, _, predictions, model = trained
    x_train, y_train = arrays
    rows = predictions["index"].to_numpy()
    np.testing.assert_array_equal(y_train[rows].argmax(1), predictions["label"])
    logits = predictions[[f"logit{digit}" for digit in range(10)]].to_numpy()
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        probabilities, model.predict(x_train[rows], verbose=0), atol=1e-5
    )
    accuracy = accuracy_score(predictions["label"], logits.argmax(axis=1))
    assert accuracy == pytest.approx(history["val_accuracy"].iloc[-1])


def test_the_model_is_compiled_but_without_the_optimizers_state(trained, tmp_path):
    model = trained[3]
    model.save(tmp_path / "model.keras")
    weights = sum(weight.nbytes for weight in model.get_weights())
    assert (tmp_path / "model.keras").stat().st_size < weights + 40_000
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.compiled


def test_arrays_that_are_not_those_described_are_refused(arrays, dataset_info):
    x_train, y_train = arrays
    with pytest.raises(ProjectError, match=r"received y_train .*run prepare again"):
        train_model(build_model(*RECIPE), x_train, y_train[::-1], dataset_info, *RECIPE)
