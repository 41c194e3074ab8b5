import contextlib
import signal

import keras
import numpy as np
import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.train import progress
from digit_recognition.pipelines.train.batches import batches
from digit_recognition.pipelines.train.fitting import (
    column_accuracy,
    column_loss,
    compile_network,
    fit,
)
from digit_recognition.pipelines.train.recipes import Recipe

pytestmark = pytest.mark.runs

VALUES = {
    "network": {"filters": [[2]], "kernel_size": 3, "dense_units": 4},
    "optimizer": "adam",
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


def fitted(
    images=BLANK, labels=LABELS, history=None, save_checkpoint=lambda: None, **changes
):
    recipe = Recipe.model_validate(VALUES | changes)
    network = compile_network(network_of(recipe), recipe, STEPS * recipe.epochs)
    history = [] if history is None else history
    fit(
        network,
        batches(images, labels, np.arange(10), 4).repeat(),
        batches(images, labels, np.arange(10), 4),
        steps=STEPS,
        epochs=recipe.epochs,
        history=history,
        save_checkpoint=save_checkpoint,
    )
    return history


def printed_epochs(capsys):
    """Return the starts of the lines of epochs; TensorFlow's log may be among them."""
    lines = capsys.readouterr().out.splitlines()
    return [line.partition(":")[0] for line in lines if line.startswith("  epoch ")]


def test_each_epoch_adds_a_row_to_the_history_and_prints_a_line(capsys):
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
    assert printed_epochs(capsys) == ["  epoch 1/2", "  epoch 2/2"]


def test_the_checkpoint_is_saved_after_the_epoch_is_in_the_history():
    history, saved = [], []
    fitted(history=history, save_checkpoint=lambda: saved.append(len(history)))
    assert saved == [1, 2]


def test_fitting_resumes_after_the_epochs_in_the_history(capsys):
    first = {"epoch": 1, "loss": 0.5}
    history = fitted(history=[first])
    assert history[0] is first
    assert [row["epoch"] for row in history] == [1, 2]
    assert printed_epochs(capsys) == ["  epoch 2/2"]


def test_a_complete_history_is_left_unchanged():
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


def test_the_warmup_rises_linearly_from_zero():
    recipe = Recipe.model_validate(VALUES | {"warmup": 0.4})
    network = compile_network(network_of(recipe), recipe, steps=10)
    rates = [float(network.optimizer._learning_rate(step)) for step in range(5)]
    assert rates == pytest.approx([0, 0.0025, 0.005, 0.0075, 0.01])


def test_there_is_always_a_step_after_the_warmup():
    recipe = Recipe.model_validate(VALUES | {"warmup": 0.95})
    optimizer = compile_network(network_of(recipe), recipe, steps=4).optimizer
    assert float(optimizer._learning_rate(4)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", keras.optimizers.Adam),
        ("muon", keras.optimizers.Muon),
    ],
)
def test_the_optimizer_is_a_class_of_keras_without_weight_decay(name, kind):
    recipe = Recipe.model_validate(VALUES | {"optimizer": name})
    optimizer = compile_network(network_of(recipe), recipe).optimizer
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == pytest.approx(0.01)
    assert not optimizer.weight_decay


def test_weight_decay_moves_weights_towards_0_by_a_part_of_the_learning_rate():
    recipe = Recipe.model_validate(VALUES | {"weight_decay": 0.1})
    optimizer = compile_network(network_of(recipe), recipe).optimizer
    weight = keras.Variable([2.0, -1.0])
    optimizer.apply([np.zeros(2, np.float32)], [weight])
    step = float(optimizer.learning_rate) * 0.1
    np.testing.assert_allclose(
        weight.numpy(), np.array([2, -1]) * (1 - step), rtol=1e-6
    )


def test_muon_is_for_the_hidden_dense_layer_and_adam_for_the_rest():
    recipe = Recipe.model_validate(
        VALUES | {"optimizer": "muon", "adam_lr_ratio": 0.25}
    )
    network = compile_network(network_of(recipe), recipe)
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


def test_a_terminal_sees_progress_within_the_epoch(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    reported = []
    monkeypatch.setattr(
        progress._Bar, "batch_ended", lambda _, done: reported.append(done)
    )
    fitted()
    assert reported == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])


def test_a_loss_that_is_not_finite_stops_before_a_checkpoint_is_saved():
    saved = []
    with pytest.raises(
        ProjectError,
        match=r"finite losses, received nan in training .* in epoch 1; take a lower",
    ):
        fitted(
            labels=np.full((10, 10), np.nan, np.float32),
            save_checkpoint=lambda: saved.append(1),
        )
    assert saved == []


def test_weights_that_the_last_step_made_nan_are_not_saved():
    """The training loss is computed before each step; only validation shows it."""
    saved = []
    network = compile_network(network_of(RECIPE), RECIPE)
    with pytest.raises(ProjectError, match=r"received \d.* in training and nan in"):
        fit(
            network,
            batches(BLANK, LABELS, np.arange(10), 4).repeat(),
            batches(BLANK, LABELS * np.nan, np.arange(10), 4),
            steps=STEPS,
            epochs=1,
            history=[],
            save_checkpoint=lambda: saved.append(1),
        )
    assert saved == []


def test_ctrl_c_says_in_one_line_how_many_epochs_are_saved():
    history = []

    def stop_in_the_second():
        if len(history) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        fitted(history=history, save_checkpoint=stop_in_the_second, epochs=3)
    (line,) = str(stopped.value).splitlines()
    assert line.startswith("Stopped after 1 complete epoch of 3, which is saved")


def test_ctrl_c_stops_training_even_if_the_exception_is_swallowed():
    def swallow():
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    history = []
    with pytest.raises(KeyboardInterrupt, match="Stopped after 1 complete epoch of 3"):
        fitted(history=history, save_checkpoint=swallow, epochs=3)
    assert len(history) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_training_at_once():
    history = []

    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match="Stopped in epoch 1 of 3: no epoch is"):
        fitted(history=history, save_checkpoint=twice, epochs=3)


def test_the_loss_averages_over_columns_and_the_accuracy_uses_their_mean():
    labels = np.eye(10, dtype=np.float32)[[3, 5]]
    columns = np.full((2, 2, 10), 0.05, np.float32)
    columns[0, 0, 3], columns[0, 1, 4] = 0.55, 0.55
    columns[1, 0, 5], columns[1, 1, 5] = 0.55, 0.55
    # image 0: one column gives its label 0.55, the other 0.05; image 1: both 0.55
    expected = [-(np.log(0.55) + np.log(0.05)) / 2, -np.log(0.55)]
    np.testing.assert_allclose(column_loss(labels, columns), expected, rtol=1e-5)
    confident = columns.copy()
    confident[0, 0, 3] = 0.9
    np.testing.assert_array_equal(column_accuracy(labels, confident), [1, 1])
    np.testing.assert_array_equal(column_accuracy(labels[::-1], confident), [0, 0])
