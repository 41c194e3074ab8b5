import hashlib

import dask.array as da
import keras
import numpy as np
import pytest

from digit_recognition.datasets.mnist_dataset import load_sample
from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.prepare.nodes import (
    PrepareParameters,
    describe_dataset,
    load_mnist,
    normalize_pixels,
    one_hot_labels,
    reshape_images,
)


def test_mnist_comes_apart_into_its_four_arrays():
    four = [np.full(1, number, np.uint8) for number in range(4)]
    *result, published = load_mnist(
        ((four[0], four[1]), (four[2], four[3])), PrepareParameters(allow_sample=False)
    )
    assert [array.item() for array in result] == [0, 1, 2, 3]
    assert published["dataset"] == "custom"
    assert len(published["dataset_digest"]) == 64


@pytest.mark.runs
def test_the_sample_is_refused_where_it_is_not_allowed_with_three_ways_to_mnist():
    sample = load_sample()
    splits = (
        (sample["x_train"], sample["y_train"]),
        (sample["x_test"], sample["y_test"]),
    )
    *_, published = load_mnist(splits, PrepareParameters(allow_sample=True))
    assert published["dataset"] == "mnist-sample"
    with pytest.raises(ProjectError) as error:
        load_mnist(splits, PrepareParameters(allow_sample=False))
    for way in ("mnist.npz", "IDX files", "downloaded", "prepare.allow_sample=true"):
        assert way in str(error.value)


def test_images_get_one_grey_channel_without_a_copy():
    images = np.zeros((3, 28, 28), np.uint8)
    reshaped = reshape_images(images)
    assert reshaped.shape == (3, 28, 28, 1)
    assert np.shares_memory(reshaped, images)


def test_pixels_become_float32_from_0_to_1():
    pixels = normalize_pixels(np.array([[0, 51, 255]], np.uint8))
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels, np.array([[0, 0.2, 1]], np.float32))


def test_images_on_the_disk_are_prepared_chunk_by_chunk():
    images = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2)
    prepared = normalize_pixels(reshape_images(da.from_array(images, (2, 2, 2))))
    assert prepared.chunks[0] == (2, 2, 1)
    assert prepared.dtype == np.float32
    expected = normalize_pixels(reshape_images(images))
    np.testing.assert_array_equal(prepared.compute(), expected)


def test_labels_become_what_keras_makes_of_them():
    labels = np.array([3, 0, 9], np.uint8)
    encoded = one_hot_labels(labels)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, keras.utils.to_categorical(labels, 10))
    assert encoded[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_the_description_holds_sizes_and_the_digest_of_each_array():
    x_train, x_test = np.ones((3, 2), np.float32), np.zeros((2, 1), np.float32)
    info = describe_dataset({"dataset": "custom"}, x_train, x_train, x_test, x_test)
    assert info["dataset"] == "custom"
    assert (info["train_images"], info["test_images"]) == (3, 2)
    assert info["digests"]["x_test"] == hashlib.sha256(bytes(8)).hexdigest()
    assert list(info["digests"]) == ["x_train", "y_train", "x_test", "y_test"]
