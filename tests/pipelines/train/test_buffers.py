import dask.array as da
import numpy as np
import pytest

from digit_recognition.pipelines.train import buffers
from digit_recognition.pipelines.train.batches import batches, training_batches
from digit_recognition.pipelines.train.buffers import ShuffledBuffers

IMAGES = np.arange(50, dtype=np.float32).reshape(50, 1, 1, 1)
LABELS = IMAGES.reshape(50, 1) * 10
ON_DISK = da.from_array(IMAGES, chunks=(10, 1, 1, 1))
TRAIN = np.delete(np.arange(50), [3, 17, 30, 31])


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    monkeypatch.setattr(buffers, "BUFFER_IMAGES", 20)  # two chunks


def read(seed=5, epochs=range(3)):
    """Return the numbers on the images in each epoch."""
    dataset = training_batches(ON_DISK, LABELS, TRAIN, 7, seed=seed, epochs=epochs)
    found = list(dataset)
    for images, labels in found:
        np.testing.assert_array_equal(labels.numpy()[:, 0], np.ravel(images) * 10)
    assert [len(images) for images, _ in found] == [7, 7, 7, 7, 7, 7, 4] * len(epochs)
    numbers = np.concatenate([np.ravel(images) for images, _ in found])
    return numbers.reshape(len(epochs), len(TRAIN)).astype(int).tolist()


def test_each_epoch_holds_every_training_image_once_in_an_order_of_its_own():
    epochs = read()
    for epoch in epochs:
        assert sorted(epoch) == TRAIN.tolist()
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_chunks_are_in_random_order_and_images_shuffled_within_a_buffer():
    first, second = read(epochs=range(2))
    shuffled = ShuffledBuffers(ON_DISK, LABELS, TRAIN, 5)
    ends = np.cumsum([shuffled.size(0, place) for place in range(shuffled.count)])
    parts = [part.tolist() for part in np.split(np.array(first), ends[:-1])]
    chunks = [{number // 10 for number in part} for part in parts]
    assert [len(found) for found in chunks] == [2, 2, 1]
    assert set.union(*chunks) == set(range(5))
    assert all(part != sorted(part) for part in parts)
    assert chunks[0] != {number // 10 for number in second[: len(parts[0])]}


def test_the_seed_and_the_epoch_determine_the_order():
    assert read(epochs=range(1, 3)) == read()[1:]
    assert read(seed=6) != read()


def test_validation_batches_of_an_array_on_the_disk_are_those_of_one_in_memory():
    rows = np.array([3, 17, 30, 31])
    for ours, theirs in zip(
        batches(ON_DISK, LABELS, rows, 3), batches(IMAGES, LABELS, rows, 3), strict=True
    ):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_only_the_chunks_of_one_buffer_are_in_memory(monkeypatch):
    loaded = []
    monkeypatch.setattr(
        buffers,
        "read_rows",
        lambda _, rows: loaded.append(rows) or IMAGES[rows],
    )
    shuffled = ShuffledBuffers(ON_DISK, LABELS, TRAIN, 5)
    shuffled.take(0, 0, np.arange(3))
    shuffled.take(0, 0, np.arange(3, 6))
    assert len(loaded) == 2
    images, _ = shuffled._buffer
    assert len(images) == shuffled.size(0, 0)
