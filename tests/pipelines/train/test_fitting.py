import keras
import numpy as np
import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.networks import build_cnn
from digit_recognition.pipelines.train.fitting import batches, fit, split_validation
from digit_recognition.pipelines.train.recipes import Recipe

RECIPE = Recipe.model_validate(
    {
        "network": {"filters": [2], "kernel_size": 3, "dense_units": 4},
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "schedule": "cosine",
        "batch_size": 4,
        "epochs": 2,
    }
)


def test_the_split_is_stratified_whole_and_without_overlap():
    labels = np.repeat(np.arange(10), 20)
    train, validation = split_validation(labels, 0.1, seed=1)
    assert np.bincount(labels[validation]).tolist() == [2] * 10
    assert sorted([*train, *validation]) == list(range(200))


def test_the_split_is_the_same_for_the_same_seed_only():
    labels = np.repeat(np.arange(10), 20)
    first, again, other = (
        split_validation(labels, 0.1, seed)[1].tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_too_few_images_to_split_are_refused():
    with pytest.raises(ProjectError, match=r"keep 10% of each digit.*received 10"):
        split_validation(np.arange(10), 0.1, seed=1)


@pytest.fixture
def four():
    images = np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1)
    return images, images.reshape(4, 1) * 10


def numbers(dataset):
    return [int(n) for images, _ in dataset for n in np.ravel(images)]


def test_batches_hold_the_images_at_the_indices_with_their_labels(four):
    dataset = batches(*four, np.array([3, 1, 2]), batch_size=2)
    sizes = [len(images) for images, _ in dataset]
    assert sizes == [2, 1]
    assert numbers(dataset) == [3, 1, 2]
    for images, labels in dataset:
        np.testing.assert_array_equal(labels.numpy()[:, 0], np.ravel(images) * 10)


def test_shuffled_batches_differ_by_epoch_and_repeat_by_seed():
    images = np.arange(50, dtype=np.float32).reshape(50, 1, 1, 1)
    labels = images.reshape(50, 1)
    one, same, other = (
        batches(images, labels, np.arange(50), 7, seed) for seed in (5, 5, 6)
    )
    epochs = [numbers(one), numbers(one)]
    assert epochs == [numbers(same), numbers(same)]
    assert epochs[0] != epochs[1]
    assert epochs[0] != numbers(other)
    assert sorted(epochs[0]) == list(range(50))


LABELS = np.eye(10, dtype=np.float32)
BLANK = np.zeros((10, 28, 28, 1), np.float32)


def fitted(images, labels=LABELS, recipe=RECIPE):
    network = build_cnn(filters=[2], dense_units=4)
    network.compile(
        keras.optimizers.SGD(recipe.learning_rate),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    dataset = batches(images, labels, np.arange(10), 4)
    return fit(network, dataset, dataset, recipe)


def test_the_history_has_a_row_and_the_log_a_line_an_epoch(capsys):
    history = fitted(BLANK)
    assert list(history.columns) == [
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
        "seconds",
    ]
    assert history["epoch"].tolist() == [1, 2]
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]


@pytest.mark.parametrize(
    ("schedule", "rates"), [("constant", [0.01, 0.01]), ("cosine", [0.005, 0.0])]
)
def test_the_learning_rate_follows_the_schedule(schedule, rates):
    history = fitted(BLANK, recipe=RECIPE.model_copy(update={"schedule": schedule}))
    assert history["learning_rate"].tolist() == pytest.approx(rates, abs=1e-9)


def test_a_terminal_sees_progress_within_the_epoch(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    fitted(BLANK)
    assert "3/3" in capsys.readouterr().out


def test_a_loss_that_is_no_number_stops_with_what_to_change():
    with pytest.raises(
        ProjectError, match=r"finite loss, received nan in epoch 1.*low"
    ):
        fitted(BLANK, labels=np.full((10, 10), np.nan, np.float32))
