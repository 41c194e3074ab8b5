import keras
import numpy as np
import pytest

from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import weights_digest
from digit_recognition.models.cnn import build_cnn
from digit_recognition.pipelines.train import resuming
from digit_recognition.pipelines.train.resuming import Checkpoint

CONDITIONS = {"recipe": "tiny", "seed": 1, "digests": {"x_train": "x"}}


def network(weight=0.5):
    """A compiled network whose weights all have one value, with a dropout layer."""
    built = build_cnn(filters=[[2]], dense_units=3)
    built = keras.Sequential(
        [*built.layers[:-1], keras.layers.Dropout(0.5), built.layers[-1]]
    )
    built.build((None, 28, 28, 1))
    built.set_weights([np.full_like(w, weight) for w in built.get_weights()])
    built.compile("adam", "categorical_crossentropy")
    return built


def trained():
    built = network()
    images = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
    built.fit(images, np.eye(10)[:8], verbose=0)
    return built


@pytest.fixture
def store(tmp_path):
    return Checkpoints(tmp_path)


def test_weights_dropout_seeds_and_the_optimizer_state_are_restored(store):
    first = network()
    checkpoint = Checkpoint(store, CONDITIONS, first)
    done = trained()
    first.set_weights(done.get_weights())
    for ours, theirs in zip(
        [*first.variables, *first.optimizer.variables],
        [*done.variables, *done.optimizer.variables],
        strict=True,
    ):
        ours.assign(theirs)
    checkpoint.save([{"epoch": 1, "loss": 0.25}], [])

    second = network()
    history, resumed_after = Checkpoint(store, CONDITIONS, second).restore()
    assert history == [{"epoch": 1, "loss": 0.25}]
    assert resumed_after == [1]
    assert weights_digest(second.get_weights()) == weights_digest(done.get_weights())
    assert int(second.optimizer.iterations) == 1
    for ours, theirs in zip(
        [*second.variables, *second.optimizer.variables],
        [*done.variables, *done.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    seeds = [v for v in second.variables if "seed" in v.path]
    assert len(seeds) == 1


def test_every_resumption_is_recorded(store):
    checkpoint = Checkpoint(store, CONDITIONS, network())
    checkpoint.save([{"epoch": 1}, {"epoch": 2}, {"epoch": 3}], [1])
    assert checkpoint.restore()[1] == [1, 3]


def test_without_a_checkpoint_training_starts_at_the_first_epoch(store):
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"recipe": "other"}, {"digests": {"x_train": "y"}}, {"epochs": 9}],
)
def test_another_training_does_not_use_the_checkpoint(store, changes):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    other = Checkpoint(store, CONDITIONS | changes, network())
    assert other.restore() == ([], [])


def test_other_initial_weights_do_not_use_the_checkpoint(store):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    assert Checkpoint(store, CONDITIONS, network(0.25)).restore() == ([], [])


def test_changed_code_does_not_use_the_checkpoint(store, monkeypatch, tmp_path):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    changed = tmp_path / "changed.py"
    changed.write_text("pass")
    assert {file.name for file in resuming.TRAINING_CODE} >= {
        *("fitting.py", "cnn.py", "schedules.py")
    }
    monkeypatch.setattr(resuming, "TRAINING_CODE", (changed,))
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


def test_another_keras_does_not_use_the_checkpoint(store, monkeypatch):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    monkeypatch.setattr(resuming, "version", {"keras": "4", "tensorflow": "2"}.get)
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


def test_a_removed_checkpoint_is_gone(store):
    checkpoint = Checkpoint(store, CONDITIONS, network())
    checkpoint.save([{"epoch": 1}], [])
    checkpoint.remove()
    assert checkpoint.restore() == ([], [])
    assert not store.folder.exists()
