import numpy as np
import pytest
from sklearn.datasets import load_digits

from digit_recognition.digests import weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import build_cnn
from digit_recognition.pipelines.robustness import other_writers
from digit_recognition.pipelines.robustness.other_writers import (
    load_other_writers,
    measure_other_writers,
)


def test_digits_of_other_writers_have_mnists_format():
    images, labels = load_other_writers()
    assert images.shape == (1797, 28, 28, 1)
    assert images.dtype == np.float32
    assert 0 <= images.min() < images.max() <= 1
    rows, columns = (images[..., 0].any(axis=axis).sum(axis=1) for axis in (2, 1))
    assert (np.maximum(rows, columns) == 20).all()
    assert labels.tolist() == load_digits().target.tolist()


def test_the_table_has_the_accuracy_of_each_digit(monkeypatch):
    model = build_cnn(filters=[[2]], dense_units=4)
    training = {"model_digest": weights_digest(model.get_weights())}
    _, labels = load_other_writers()
    answers = np.where((labels == 1) & (np.arange(len(labels)) % 2 == 0), 7, labels)
    monkeypatch.setattr(
        other_writers, "LogProbabilities", lambda _: lambda _: np.eye(10)[answers]
    )
    table = measure_other_writers(model, training).set_index("digit")
    assert table["images"].tolist() == np.bincount(labels).tolist()
    ones = np.flatnonzero(labels == 1)
    assert table.loc[1, "accuracy"] == pytest.approx((ones % 2 == 1).mean())
    assert table["misread_as"].tolist() == ["", "7", *8 * [""]]
    assert (table["accuracy"].drop(1) == 1).all()


def test_the_record_of_another_model_is_refused():
    model = build_cnn(filters=[[2]], dense_units=4)
    with pytest.raises(ProjectError, match="expected the record of the model"):
        measure_other_writers(model, {"model_digest": "another"})
