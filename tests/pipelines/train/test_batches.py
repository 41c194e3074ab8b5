import numpy as np
import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.train.augmentation import Augmentation
from digit_recognition.pipelines.train.batches import (
    batches,
    split_validation,
    training_batches,
)


def test_the_split_is_stratified_complete_and_disjoint():
    labels = np.repeat(np.arange(10), 20)
    train, validation = split_validation(labels, 0.1, seed=1)
    assert np.bincount(labels[validation]).tolist() == [2] * 10
    assert sorted([*train, *validation]) == list(range(200))


def test_the_split_depends_on_the_seed():
    labels = np.repeat(np.arange(10), 20)
    first, again, other = (
        split_validation(labels, 0.1, seed)[1].tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_too_few_images_to_split_are_refused():
    with pytest.raises(ProjectError, match=r"keep 10% of each digit.*received 10"):
        split_validation(np.arange(10), 0.1, seed=1)


IMAGES = np.arange(50, dtype=np.float32).reshape(50, 1, 1, 1)
LABELS = IMAGES.reshape(50, 1) * 10


def numbers(dataset):
    return [int(n) for images, _ in dataset for n in np.ravel(images)]


def test_batches_hold_the_images_at_the_indices_with_their_labels():
    dataset = batches(IMAGES, LABELS, np.array([3, 1, 2]), batch_size=2)
    assert [len(images) for images, _ in dataset] == [2, 1]
    assert numbers(dataset) == [3, 1, 2]
    for images, labels in dataset:
        np.testing.assert_array_equal(labels.numpy()[:, 0], np.ravel(images) * 10)


ALL = np.arange(50)


def shuffled(seed=5, epochs=range(3), indices=ALL):
    dataset = training_batches(IMAGES, LABELS, indices, 7, seed=seed, epochs=epochs)
    return np.reshape(numbers(dataset), (len(epochs), len(indices))).tolist()


def test_each_epoch_holds_every_image_once_in_an_order_of_its_own():
    epochs = shuffled()
    for epoch in epochs:
        assert sorted(epoch) == list(range(50))
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_no_batch_spans_two_epochs():
    dataset = training_batches(
        IMAGES, LABELS, np.arange(50), 7, seed=1, epochs=range(2)
    )
    assert [len(images) for images, _ in dataset] == [7, 7, 7, 7, 7, 7, 7, 1] * 2


@pytest.mark.parametrize("seed", [0, 5, 2**32 - 1])
def test_a_later_epoch_does_not_depend_on_earlier_ones(seed):
    assert shuffled(seed, range(2, 4)) == shuffled(seed, range(4))[2:]


def test_another_seed_gives_another_order():
    assert shuffled(5) == shuffled(5)
    assert shuffled(5) != shuffled(6)


def test_only_the_images_at_the_indices_are_in_an_epoch():
    indices = np.array([4, 8, 15, 16, 23, 42])
    for epoch in shuffled(indices=indices):
        assert sorted(epoch) == indices.tolist()


def test_augmented_images_differ_by_image_and_epoch_and_repeat_by_seed():
    images = np.zeros((40, 8, 8, 1), np.float32)
    images[:, 4, 4] = 1
    labels = np.arange(40, dtype=np.float32)[:, None]
    augmentation = Augmentation(rotation=0.0, shift=3.0, zoom=0.0, shear=0.0)

    def epochs(wanted):
        pairs = training_batches(
            *(images, labels, np.arange(40), 1),
            seed=3,
            epochs=wanted,
            augmentation=augmentation,
        )
        found = [(float(y[0, 0]), x.numpy().tobytes()) for x, y in pairs]
        return [dict(found[start : start + 40]) for start in range(0, len(found), 40)]

    first, second = epochs(range(2))
    assert len(set(first.values())) == 40
    assert all(first[label] != second[label] for label in first)
    assert epochs(range(1, 2)) == [second]
