import dask.array as da
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.parameters import RecipeName, Seed
from digit_recognition.pipelines.train import buffers, nodes
from digit_recognition.pipelines.train.batches import batches, training_batches
from digit_recognition.pipelines.train.nodes import build_model, train_model
from digit_recognition.pipelines.train.recipes import TrainParameters

pytestmark = pytest.mark.runs

PARAMETERS = TrainParameters.model_validate(
    {
        "validation_fraction": 0.25,
        "deterministic": True,
        "resume": True,
        "recipes": {
            "tiny": {
                "network": {"filters": [[4]], "kernel_size": 5, "dense_units": 16},
                "optimizer": "adam",
                "learning_rate": 0.01,
                "schedule": "constant",
                "batch_size": 20,
                "epochs": 3,
                "precision": "float32",
            }
        },
    }
)
RECIPE = (RecipeName("tiny"), Seed(7), PARAMETERS)


def recipe_with(**changes):
    """The tiny recipe, changed."""
    values = PARAMETERS.model_dump()
    for key, value in changes.items():
        (values if key in values else values["recipes"]["tiny"])[key] = value
    return (*RECIPE[:2], TrainParameters.model_validate(values))


def train(arrays, dataset_info, checkpoints, recipe=RECIPE):
    """Return the single result of the generator ``train_model``."""
    (result,) = train_model(
        build_model(*recipe), *arrays, dataset_info, checkpoints, *recipe
    )
    return result


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return Checkpoints(tmp_path_factory.mktemp("models") / "checkpoints")


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
def trained(arrays, dataset_info, checkpoints):
    return train(arrays, dataset_info, checkpoints)


def test_a_model_is_trained_on_images_that_stay_on_the_disk(
    arrays, dataset_info, checkpoints, trained, monkeypatch
):
    monkeypatch.setattr(buffers, "BUFFER_IMAGES", 200)
    on_disk = da.from_array(arrays[0], chunks=(10, 28, 28, 1))
    _, training, predictions, model = train(
        (on_disk, arrays[1]), dataset_info, checkpoints
    )
    _, in_memory, expected, _ = trained
    assert predictions["index"].tolist() == expected["index"].tolist()
    assert training["model_digest"] != in_memory["model_digest"]  # another order
    found = model.predict(arrays[0][predictions["index"]], verbose=0).argmax(axis=1)
    logits = predictions.filter(like="logit").to_numpy()
    assert found.tolist() == logits.argmax(axis=1).tolist()
    assert (found == predictions["label"]).mean() > 0.5


def test_the_model_is_built_and_compiled_as_the_recipe_says():
    model = build_model(*RECIPE)
    assert model.layers[0].filters == 4
    assert model.layers[0].kernel_size == (5, 5)
    assert model.layers[-2].units == 16
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert model.loss == "categorical_crossentropy"


def test_the_initial_weights_depend_on_the_seed():
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
    assert training == {
        "recipe": "tiny",
        "network": {
            "columns": 1,
            "filters": [[4]],
            "kernel_size": 5,
            "dense_units": 16,
        },
        "optimizer": "adam",
        "learning_rate": 0.01,
        "adam_lr_ratio": 1.0,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0.0,
        "augmentation": None,
        "handwriting": None,
        "batch_size": 20,
        "epochs": 3,
        "precision": "float32",
        "test_time_shift": 0,
        "deterministic": True,
        "gpus": [],
        "seed": 7,
        "dataset": "custom",
        "dataset_digest": "d",
        "digests": training["digests"],
        "train_images": 300,
        "written_digits": 0,
        "validation_images": 100,
        "fit_seconds": pytest.approx(history["seconds"].sum(), abs=0.001),
        "resumed_after": [],
        "model_digest": training["model_digest"],
    }
    assert training["fit_seconds"] > 0
    assert training["model_digest"] == weights_digest(model.get_weights())


def test_the_validation_part_is_stratified_and_never_trained_on(
    arrays, dataset_info, checkpoints, monkeypatch
):
    trained_on, validated_on = [], []

    def watched_training(images, labels, indices, batch_size, **options):
        trained_on.append(set(indices.tolist()))
        assert options["seed"] == 7
        return training_batches(images, labels, indices, batch_size, **options)

    def watched(images, labels, indices, batch_size):
        validated_on.append(set(indices.tolist()))
        return batches(images, labels, indices, batch_size)

    monkeypatch.setattr(nodes, "training_batches", watched_training)
    monkeypatch.setattr(nodes, "batches", watched)
    predictions = train(arrays, dataset_info, checkpoints)[2]
    assert predictions["label"].value_counts().tolist() == [10] * 10
    # while it is trained, and for the predictions
    assert validated_on == [set(predictions["index"])] * 2
    assert trained_on == [set(range(400)) - validated_on[0]]


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


def test_arrays_that_dataset_info_does_not_describe_are_refused(
    arrays, dataset_info, checkpoints
):
    x_train, y_train = arrays
    with pytest.raises(
        ProjectError, match=r"received y_train .*dataset_info does not describe"
    ):
        train((x_train, y_train[::-1]), dataset_info, checkpoints)


BFLOAT16 = recipe_with(precision="bfloat16")


def test_in_bfloat16_only_the_softmax_layer_computes_in_float32():
    model = build_model(*BFLOAT16)
    policies = [layer.dtype_policy for layer in model.layers]
    assert {policy.compute_dtype for policy in policies[:-1]} == {"bfloat16"}
    assert {policy.variable_dtype for policy in policies} == {"float32"}
    assert policies[-1].compute_dtype == "float32"


def test_training_in_bfloat16_returns_a_float32_model(
    arrays, dataset_info, checkpoints
):
    _, training, predictions, model = train(arrays, dataset_info, checkpoints, BFLOAT16)
    assert training["precision"] == "mixed_bfloat16"
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    assert (predictions["label"] == digits_of(predictions)).mean() > 0.5
    x_train, _ = arrays
    probabilities = model.predict(x_train[:100], verbose=0)
    # bfloat16 has 8 bits: values it can hold have the other 16 of float32 zero
    assert np.any(probabilities.view(np.uint32) & 0xFFFF)
    ours = numpy_forward(model.get_weights(), x_train[:100])
    np.testing.assert_allclose(probabilities, ours, atol=1e-5)


def test_the_model_averages_over_shifts_if_the_recipe_says_so(
    arrays, dataset_info, checkpoints, trained
):
    _, training, _, model = train(
        arrays, dataset_info, checkpoints, recipe_with(test_time_shift=1)
    )
    assert training["model_digest"] == trained[1]["model_digest"]
    x_train, _ = arrays
    views = [
        np.roll(x_train[:50], by, (1, 2))
        for by in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    unshifted = [trained[3].predict(view, verbose=0) for view in views]
    together = np.exp(np.mean(np.log(unshifted), axis=0))
    answers = model.predict(x_train[:50], verbose=0)
    np.testing.assert_allclose(
        answers, together / together.sum(axis=1, keepdims=True), atol=1e-5
    )
    assert np.abs(answers - unshifted[0]).max() > 0.01


def test_columns_are_trained_separately_and_joined_in_the_model(
    arrays, dataset_info, checkpoints
):
    network = {"columns": 3, "filters": [[4]], "kernel_size": 5, "dense_units": 16}
    recipe = recipe_with(network=network, epochs=8)
    untrained = build_model(*recipe)
    history, training, predictions, model = train(
        arrays, dataset_info, checkpoints, recipe
    )
    assert untrained.output_shape == (None, 3, 10)
    assert model.output_shape == (None, 10)
    assert training["network"]["columns"] == 3
    accuracy = accuracy_score(predictions["label"], digits_of(predictions))
    assert accuracy > 0.8
    assert accuracy == pytest.approx(history["val_accuracy"].iloc[-1])


def digits_of(predictions):
    logits = predictions[[f"logit{digit}" for digit in range(10)]].to_numpy()
    return logits.argmax(axis=1)


def numpy_forward(weights, images):
    """The tiny network in NumPy float64: conv 5x5, relu, pooling, dense, softmax."""
    kernel, bias, w1, b1, w2, b2 = (weight.astype(np.float64) for weight in weights)
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (5, 5), (1, 2))
    maps = np.maximum(np.einsum("nijxy,xyf->nijf", windows, kernel[:, :, 0]) + bias, 0)
    pooled = maps.reshape(len(images), 12, 2, 12, 2, 4).max(axis=(2, 4))
    hidden = np.maximum(pooled.reshape(len(images), -1) @ w1 + b1, 0)
    logits = hidden @ w2 + b2
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_the_checkpoint_is_removed_when_the_result_has_been_taken(
    arrays, dataset_info, tmp_path
):
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    results = train_model(
        build_model(*RECIPE), *arrays, dataset_info, checkpoints, *RECIPE
    )
    next(results)
    assert len(list(checkpoints.folder.iterdir())) == 1
    assert list(results) == []
    assert not checkpoints.folder.exists()


class StoppingCheckpoints(Checkpoints):
    """Stops the training when the second epoch has been kept."""

    saved = 0

    def save(self, name, arrays):
        super().save(name, arrays)
        self.saved += 1
        if self.saved == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "muon", "schedule": "cosine"},
        {
            "network": {
                "columns": 2,
                "filters": [[2, 2]],
                "kernel_size": 3,
                "dense_units": 4,
            },
            "augmentation": {"rotation": 9.0, "shift": 2.0, "zoom": 0.1, "shear": 0.1},
            "precision": "bfloat16",
        },
    ],
    ids=["muon", "columns with augmentation"],
)
def test_a_resumed_training_ends_with_the_same_weights_as_an_unstopped_one(
    arrays, dataset_info, tmp_path, changes
):
    recipe = recipe_with(**changes)
    whole_history, whole, _, _ = train(
        arrays, dataset_info, Checkpoints(tmp_path / "whole"), recipe
    )
    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt, match="Stopped after 1 complete epoch of 3"):
        train(arrays, dataset_info, StoppingCheckpoints(folder), recipe)
    history, training, _, _ = train(arrays, dataset_info, Checkpoints(folder), recipe)
    assert training["resumed_after"] == [2]
    assert training["model_digest"] == whole["model_digest"]
    pd.testing.assert_frame_equal(
        history.drop(columns="seconds"), whole_history.drop(columns="seconds")
    )


def test_without_resume_a_stopped_training_starts_from_the_first_epoch(
    arrays, dataset_info, tmp_path, capsys
):
    with pytest.raises(KeyboardInterrupt):
        train(arrays, dataset_info, StoppingCheckpoints(tmp_path))
    capsys.readouterr()
    _, training, _, _ = train(
        arrays, dataset_info, Checkpoints(tmp_path), recipe_with(resume=False)
    )
    assert training["resumed_after"] == []
    assert "  epoch 1/3: " in capsys.readouterr().out


def test_a_failed_training_leaves_no_checkpoint(
    arrays, dataset_info, tmp_path, monkeypatch
):
    checkpoints = Checkpoints(tmp_path / "checkpoints")

    def one_epoch_then_nan(*_, history, save_checkpoint, **__):
        history.append({"epoch": 1})
        save_checkpoint()
        assert checkpoints.folder.exists()
        raise ProjectError("expected a finite loss, received nan")

    monkeypatch.setattr(nodes, "fit", one_epoch_then_nan)
    with pytest.raises(ProjectError, match="expected a finite loss, received nan"):
        train(arrays, dataset_info, checkpoints)
    assert not checkpoints.folder.exists()


def test_determinism_can_be_turned_off(arrays, dataset_info, checkpoints, monkeypatch):
    called = []
    monkeypatch.setattr(nodes, "make_deterministic", lambda: called.append(1))
    _, training, _, _ = train(
        arrays, dataset_info, checkpoints, recipe_with(deterministic=False)
    )
    assert (training["deterministic"], called) == (False, [])
    train(arrays, dataset_info, checkpoints)
    assert called == [1]
