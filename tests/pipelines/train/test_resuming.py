import numpy as np
import pytest

from digit_recognition.datasets import Checkpoints
from digit_recognition.digests import weights_digest
from digit_recognition.models.cnn import build_cnn
from digit_recognition.pipelines.train import resuming
from digit_recognition.pipelines.train.resuming import Checkpoint

CONDITIONS = {"recipe": "tiny", "seed": 1, "digests": {"x_train": "x"}}


def network(weight=0.5):
    """A network with dropout, compiled, every weight the same."""
    built = build_cnn(filters=[[2]], dense_units=3, dropout=0.5)
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


def test_weights_dropout_and_the_optimizers_state_are_put_back(store):
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
    assert len(seeds) == 2


def test_every_time_it_goes_on_is_remembered(store):
    checkpoint = Checkpoint(store, CONDITIONS, network())
    checkpoint.save([{"epoch": 1}, {"epoch": 2}, {"epoch": 3}], [1])
    assert checkpoint.restore()[1] == [1, 3]


def test_without_a_checkpoint_it_begins_at_the_beginning(store):
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"recipe": "other"}, {"digests": {"x_train": "y"}}, {"epochs": 9}],
)
def test_another_training_does_not_go_on_with_it(store, changes):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    other = Checkpoint(store, CONDITIONS | changes, network())
    assert other.restore() == ([], [])


def test_other_first_weights_do_not_go_on_with_it(store):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    assert Checkpoint(store, CONDITIONS, network(0.25)).restore() == ([], [])


def test_other_code_does_not_go_on_with_it(store, monkeypatch, tmp_path):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    changed = tmp_path / "changed.py"
    changed.write_text("pass")
    assert {file.name for file in resuming.CODE} >= {"fitting.py", "networks.py"}
    monkeypatch.setattr(resuming, "CODE", (changed,))
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


def test_another_keras_does_not_go_on_with_it(store, monkeypatch):
    Checkpoint(store, CONDITIONS, network()).save([{"epoch": 1}], [])
    monkeypatch.setattr(resuming, "version", {"keras": "4", "tensorflow": "2"}.get)
    assert Checkpoint(store, CONDITIONS, network()).restore() == ([], [])


def test_what_is_removed_is_gone(store):
    checkpoint = Checkpoint(store, CONDITIONS, network())
    checkpoint.save([{"epoch": 1}], [])
    checkpoint.remove()
    assert checkpoint.restore() == ([], [])
    assert not store.folder.exists()
