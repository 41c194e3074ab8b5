import dask.array as da
import keras
import numpy as np
import pandas as pd
import pytest

from digit_recognition.datasets.mnist_dataset import load_sample
from digit_recognition.digests import array_digest, weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import build_cnn, convolutions
from digit_recognition.nondigits import make_non_digits
from digit_recognition.pipelines.detector import nodes
from digit_recognition.pipelines.detector.nodes import (
    DetectorParameters,
    train_detector,
)
from digit_recognition.pipelines.detector.training_set import make_training_set

pytestmark = pytest.mark.runs

QUICK = DetectorParameters(pictures=1000, epochs=1)


@pytest.fixture(scope="module")
def sample():
    arrays = load_sample()
    x_train = (arrays["x_train"][..., None] / 255).astype(np.float32)
    y_train = np.eye(10, dtype=np.float32)[arrays["y_train"]]
    rows = np.random.default_rng(0).permutation(len(x_train))
    return x_train, y_train, rows[:-200], np.sort(rows[-200:])


@pytest.fixture(scope="module")
def model(sample):
    """A small CNN, trained for two epochs so that its features mean something."""
    x_train, y_train, train, _ = sample
    keras.utils.set_random_seed(0)
    network = build_cnn(filters=((16,), (32,)), dense_units=32)
    network.compile("adam", "categorical_crossentropy")
    network.fit(x_train[train], y_train[train], epochs=2, verbose=0)
    return network


@pytest.fixture(scope="module")
def inputs(model, sample):
    """The inputs of the node, but for its parameters."""
    x_train, y_train, _, validation = sample
    training = {
        "model_digest": weights_digest(model.get_weights()),
        "digests": {"x_train": array_digest(x_train)},
        "seed": 3,
        "deterministic": True,
    }
    return model, x_train, y_train, training, pd.DataFrame({"index": validation})


@pytest.fixture(scope="module")
def trained(inputs):
    return train_detector(*inputs, DetectorParameters(pictures=16000, epochs=3))


@pytest.fixture(scope="module")
def quick(inputs):
    return train_detector(*inputs, QUICK)


@pytest.fixture
def untrained(monkeypatch):
    """Make no pictures and train nothing."""
    pictures = np.zeros((300, 28, 28, 1), np.float32), np.zeros(300, int)
    monkeypatch.setattr(nodes, "make_training_set", lambda *_: pictures)
    monkeypatch.setattr(nodes, "_fit", lambda *_: None)


@pytest.fixture
def without_validation(monkeypatch):
    """Read no validation digits from pages, which takes half of the time."""
    monkeypatch.setattr(nodes, "read_validation", lambda *_: pd.DataFrame())


def test_images_on_the_disk_give_the_same_detector(inputs, quick, monkeypatch):
    model, x_train, *others = inputs
    on_disk = da.from_array(x_train, chunks=(500, 28, 28, 1))
    expected, predictions, _ = quick
    record, found, _ = train_detector(model, on_disk, *others, QUICK)
    assert record["detector_digest"] == expected["detector_digest"]
    assert found.equals(predictions)
    monkeypatch.setattr(nodes, "MAX_IMAGES", 2000)
    monkeypatch.setattr(nodes, "read_validation", lambda *_: pd.DataFrame())
    part, _, _ = train_detector(model, on_disk, *others, QUICK)
    assert part["detector_digest"] != expected["detector_digest"]


def test_the_predictions_are_those_of_validation_digits_on_pages(
    trained, sample, model
):
    _, predictions, detector = trained
    x_train, y_train, _, validation = sample
    index = predictions["index"].to_numpy()
    assert 175 < len(index) == len(set(index) & set(validation)) <= 200
    assert predictions["label"].tolist() == y_train[index].argmax(axis=1).tolist()
    sizes = predictions.groupby("number").size()
    assert 2 <= sizes[:-1].min() < sizes.max() <= 8
    logits = predictions.filter(regex=r"^logit").to_numpy()
    right = logits.argmax(axis=1) == predictions["label"]
    on_images = model.predict(x_train[index], verbose=0).argmax(axis=1)
    assert right.mean() > (on_images == predictions["label"]).mean() - 0.15
    views = [
        detector.predict(np.roll(x_train[index], step, axis=(1, 2)), verbose=0)
        for step in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    expected = np.mean(views, axis=0)[:, 0]
    assert np.corrcoef(predictions["digit_logit"], expected)[0, 1] > 0.5


def test_most_non_digits_have_a_lower_logit_than_nearly_all_digits(trained, sample):
    _, predictions, detector = trained
    x_train, y_train, _, validation = sample
    labels = y_train[validation].argmax(axis=1)
    others, _ = make_non_digits(x_train[validation, ..., 0], labels, 400, 9)
    logits = detector.predict(others[..., None], verbose=0)[:, 0]
    threshold = predictions["digit_logit"].quantile(0.05)
    assert (logits >= threshold).mean() < 0.3


def test_the_record_says_how_and_for_which_model_it_was_trained(trained, model):
    record, _, detector = trained
    assert record.pop("seconds") > 0
    assert record == {
        "pictures": 16000,
        "epochs": 3,
        "seed": 3,
        "deterministic": True,
        "model_digest": weights_digest(model.get_weights()),
        "detector_digest": weights_digest(detector.get_weights()),
    }


def test_the_model_is_unchanged_and_its_convolutions_are_in_the_detector(
    trained, model
):
    record, _, detector = trained
    assert record["model_digest"] == weights_digest(model.get_weights())
    inside = detector.get_layer("convolutions").get_weights()
    for one, other in zip(convolutions(model).get_weights(), inside, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("without_validation")
def test_the_same_seed_gives_the_same_detector(inputs, quick):
    model, x_train, y_train, training, validation = inputs
    same, another = (
        train_detector(
            model, x_train, y_train, training | {"seed": seed}, validation, QUICK
        )[0]["detector_digest"]
        for seed in (3, 4)
    )
    assert quick[0]["detector_digest"] == same != another


@pytest.mark.usefixtures("untrained", "without_validation")
def test_it_is_deterministic_only_if_the_model_was(inputs, monkeypatch):
    model, x_train, y_train, training, validation = inputs
    called = []
    monkeypatch.setattr(nodes, "make_deterministic", lambda: called.append(True))
    older = {key: value for key, value in training.items() if key != "deterministic"}
    for record, expected in (
        (training | {"deterministic": False}, []),
        (older, []),
        (training, [True]),
    ):
        train_detector(model, x_train, y_train, record, validation, QUICK)
        assert called == expected


@pytest.mark.usefixtures("untrained", "without_validation")
def test_a_small_dataset_gives_at_most_eight_pictures_per_training_image(inputs):
    model, x_train, y_train, training, _ = inputs
    x_few, y_few = x_train[::10], y_train[::10]
    record, *_ = train_detector(
        model,
        x_few,
        y_few,
        training | {"digests": {"x_train": array_digest(x_few)}},
        pd.DataFrame({"index": np.arange(0, 400, 4)}),
        DetectorParameters(pictures=9000, epochs=1),
    )
    assert record["pictures"] == 2400


def test_half_of_the_training_set_is_digits(sample):
    x_train, y_train, train, _ = sample
    labels = y_train[train].argmax(axis=1)
    x, y = make_training_set(x_train[train, ..., 0], labels, 301, 0)
    assert x.shape == (301, 28, 28, 1)
    assert x.dtype == np.float32
    assert 0 <= x.min() < x.max() <= 1
    assert (y < 10).sum() == 150
    assert set(y) == set(range(11))


def test_a_missing_digit_is_named(inputs):
    model, x_train, y_train, training, _ = inputs
    sevens = pd.DataFrame({"index": np.flatnonzero(y_train[:, 7])})
    with pytest.raises(ProjectError, match=r"received none of \[7\]"):
        train_detector(model, x_train, y_train, training, sevens, QUICK)


def test_training_images_that_are_not_the_models_are_refused(inputs):
    model, x_train, *others = inputs
    with pytest.raises(ProjectError, match="received another"):
        train_detector(model, x_train[::-1], *others, QUICK)


def test_the_record_of_another_model_is_refused(inputs):
    _, *others = inputs
    another = build_cnn(filters=[[2]], dense_units=5)
    with pytest.raises(ProjectError, match="record of the model"):
        train_detector(another, *others, QUICK)
