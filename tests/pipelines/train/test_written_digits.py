import numpy as np

from digit_recognition.pipelines.train.written_digits import (
    Handwriting,
    JoinedArrays,
    add_handwriting,
)


def test_joined_arrays_are_indexed_as_one_array():
    rng = np.random.default_rng(0)
    first, second = rng.random((5, 3, 2)), rng.random((4, 3, 2))
    joined, expected = JoinedArrays(first, second), np.concatenate([first, second])
    assert joined.shape == expected.shape
    assert joined.dtype == expected.dtype
    for chosen in ([0, 8, 4, 5, 5], [1, 2], [7, 6], []):
        rows = np.array(chosen, int)
        np.testing.assert_array_equal(joined[rows], expected[rows])


def test_written_digits_follow_the_images_and_only_training_images_are_copied(digits):
    images = (digits["x_train"][..., None] / 255).astype(np.float32)
    one_hot = np.eye(10, dtype=np.float32)[digits["y_train"]]
    train = np.flatnonzero(digits["y_train"] < 5)
    shares = Handwriting(copied=0.2, strokes=0.0, allographs=0.0)
    x, y, rows = add_handwriting(images, one_hot, train, shares, seed=0)
    count = x.shape[0] - len(images)
    assert 0.8 * 0.2 * len(train) < count <= 0.2 * len(train) + 1
    assert rows.tolist() == [*train, *range(len(images), len(images) + count)]
    written = np.arange(len(images), len(images) + count)
    assert (y[written].argmax(axis=1) < 5).all()
    assert x[written].shape == (count, 28, 28, 1)
