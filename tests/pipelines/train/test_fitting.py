import contextlib
import signal

import keras
import numpy as np
import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.train.batches import batches
from digit_recognition.pipelines.train.fitting import (
    accuracy,
    column_loss,
    compiled,
    fit,
)
from digit_recognition.pipelines.train.recipes import Recipe

VALUES = {
    "network": {"filters": [[2]], "kernel_size": 3, "dense_units": 4},
    "optimizer": "sgd",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "batch_size": 4,
    "epochs": 2,
}
RECIPE = Recipe.model_validate(VALUES)
STEPS = 3
LABELS = np.eye(10, dtype=np.float32)
BLANK = np.zeros((10, 28, 28, 1), np.float32)


def network_of(recipe):
    return recipe.network.build("float32")


def fitted(images=BLANK, labels=LABELS, history=None, keep=lambda: None, **changes):
    recipe = Recipe.model_validate(VALUES | changes)
    network = compiled(network_of(recipe), recipe, STEPS * recipe.epochs)
    history = [] if history is None else history
    fit(
        network,
        batches(images, labels, np.arange(10), 4).repeat(),
        batches(images, labels, np.arange(10), 4),
        steps=STEPS,
        epochs=recipe.epochs,
        history=history,
        keep=keep,
    )
    return history


def test_the_history_has_a_row_and_the_log_a_line_an_epoch(capsys):
    history = fitted()
    for number, row in enumerate(history, start=1):
        assert list(row) == [
            "epoch",
            "loss",
            "accuracy",
            "val_loss",
            "val_accuracy",
            "learning_rate",
            "seconds",
        ]
        assert row["epoch"] == number
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]


def test_each_epoch_is_kept_when_it_is_in_the_history():
    history, kept = [], []
    fitted(history=history, keep=lambda: kept.append(len(history)))
    assert kept == [1, 2]


def test_epochs_of_the_history_are_not_done_again(capsys):
    first = {"epoch": 1, "loss": 0.5}
    history = fitted(history=[first])
    assert history[0] is first
    assert [row["epoch"] for row in history] == [1, 2]
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_history_that_is_whole_is_left_as_it_is():
    rows = [{"epoch": 1}, {"epoch": 2}]
    assert fitted(history=list(rows)) == rows


@pytest.mark.parametrize(
    ("schedule", "warmup", "rates"),
    [
        ("constant", 0.0, [0.01, 0.01]),
        ("cosine", 0.0, [0.005, 0.0]),
        # half of the six steps up to 0.01, the other half down
        ("cosine", 0.5, [0.01, 0.0]),
    ],
)
def test_the_learning_rate_follows_the_schedule(schedule, warmup, rates):
    history = fitted(schedule=schedule, warmup=warmup)
    found = [row["learning_rate"] for row in history]
    assert found == pytest.approx(rates, abs=1e-9)


def test_the_warmup_rises_evenly_from_nothing():
    recipe = Recipe.model_validate(VALUES | {"warmup": 0.4})
    network = compiled(network_of(recipe), recipe, steps=10)
    rates = [float(network.optimizer._learning_rate(step)) for step in range(5)]
    assert rates == pytest.approx([0, 0.0025, 0.005, 0.0075, 0.01])


def test_there_is_always_a_step_after_the_warmup():
    recipe = Recipe.model_validate(VALUES | {"warmup": 0.95})
    optimizer = compiled(network_of(recipe), recipe, steps=4).optimizer
    assert float(optimizer._learning_rate(4)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", keras.optimizers.Adam),
        ("adamw", keras.optimizers.AdamW),
        ("muon", keras.optimizers.Muon),
        ("nadam", keras.optimizers.Nadam),
        ("rmsprop", keras.optimizers.RMSprop),
        ("sgd", keras.optimizers.SGD),
    ],
)
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_every_optimizer_of_a_recipe_is_keras_own(name, kind, decay):
    recipe = Recipe.model_validate(VALUES | {"optimizer": name, "weight_decay": decay})
    optimizer = compiled(network_of(recipe), recipe).optimizer
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    assert (optimizer.weight_decay or 0) == decay


def test_muon_is_for_the_hidden_dense_layer_and_adam_for_the_rest():
    recipe = Recipe.model_validate(
        VALUES | {"optimizer": "muon", "adam_lr_ratio": 0.25, "weight_decay": 0.0}
    )
    network = compiled(network_of(recipe), recipe)
    optimizer = network.optimizer
    optimizer.build(network.trainable_variables)
    by_muon = [
        variable.path
        for variable in network.trainable_variables
        if not optimizer._should_use_adamw(variable)
    ]
    assert by_muon == [network.layers[-2].kernel.path]
    assert optimizer.adam_lr_ratio == 0.25
    assert (optimizer.weight_decay, optimizer.adam_weight_decay) == (0, 0)


def test_a_terminal_sees_progress_within_the_epoch(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    fitted()
    assert "3/3" in capsys.readouterr().out


def test_a_loss_that_is_no_number_stops_before_anything_is_kept():
    kept = []
    with pytest.raises(
        ProjectError,
        match=r"finite losses, received nan in training .* in epoch 1; take a lower",
    ):
        fitted(
            labels=np.full((10, 10), np.nan, np.float32), keep=lambda: kept.append(1)
        )
    assert kept == []


def test_weights_that_the_last_step_made_no_numbers_are_not_kept():
    """The training loss is of before each step; only the validation shows it."""
    kept = []
    network = compiled(network_of(RECIPE), RECIPE)
    with pytest.raises(ProjectError, match=r"received \d.* in training and nan in"):
        fit(
            network,
            batches(BLANK, LABELS, np.arange(10), 4).repeat(),
            batches(BLANK, LABELS * np.nan, np.arange(10), 4),
            steps=STEPS,
            epochs=1,
            history=[],
            keep=lambda: kept.append(1),
        )
    assert kept == []


def test_ctrl_c_says_in_one_line_how_far_it_came():
    history = []

    def stop_in_the_second():
        if len(history) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        fitted(history=history, keep=stop_in_the_second, epochs=3)
    (line,) = str(stopped.value).splitlines()
    assert line.startswith("Stopped after 1 whole epochs of 3, which are kept")


def test_ctrl_c_stops_it_even_where_python_would_ignore_the_interrupt():
    def swallow():
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    history = []
    with pytest.raises(KeyboardInterrupt, match="Stopped after 1 whole epochs of 3"):
        fitted(history=history, keep=swallow, epochs=3)
    assert len(history) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_it_at_once():
    history = []

    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match="Stopped after 0 whole epochs of 3"):
        fitted(history=history, keep=twice, epochs=3)


def test_columns_are_judged_each_on_its_own_and_counted_together():
    labels = np.eye(10, dtype=np.float32)[[3, 5]]
    columns = np.full((2, 2, 10), 0.05, np.float32)
    columns[0, 0, 3], columns[0, 1, 4] = 0.55, 0.55
    columns[1, 0, 5], columns[1, 1, 5] = 0.55, 0.55
    # image 0: one column gives its label 0.55, the other 0.05; image 1: both 0.55
    expected = [-(np.log(0.55) + np.log(0.05)) / 2, -np.log(0.55)]
    np.testing.assert_allclose(column_loss(labels, columns), expected, rtol=1e-5)
    sure = columns.copy()
    sure[0, 0, 3] = 0.9
    np.testing.assert_array_equal(accuracy(labels, sure), [1, 1])
    np.testing.assert_array_equal(accuracy(labels[::-1], sure), [0, 0])
