import hashlib

import keras
import numpy as np
import pytest

from digit_recognition.datasets.mnist_dataset import NAMES, load_sample
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
    result = load_mnist(
        ((four[0], four[1]), (four[2], four[3])), PrepareParameters(allow_sample=False)
    )
    assert [array.item() for array in result] == [0, 1, 2, 3]


def test_the_sample_is_refused_where_it_is_not_allowed_with_three_ways_to_mnist():
    sample = load_sample()
    splits = (
        (sample["x_train"], sample["y_train"]),
        (sample["x_test"], sample["y_test"]),
    )
    load_mnist(splits, PrepareParameters(allow_sample=True))
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


def test_labels_become_what_keras_makes_of_them():
    labels = np.array([3, 0, 9], np.uint8)
    encoded = one_hot_labels(labels)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, keras.utils.to_categorical(labels, 10))
    assert encoded[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_the_description_names_the_dataset_and_the_digest_of_each_array():
    sample = load_sample()
    x_test = np.zeros(2, np.float32)
    published = [sample[name] for name in NAMES]
    info = describe_dataset(
        *[published[i] for i in range(4)], x_test, x_test, x_test, x_test
    )
    assert info["dataset"] == "mnist-sample"
    assert (info["train_images"], info["test_images"]) == (4000, 1000)
    assert info["digests"]["x_test"] == hashlib.sha256(bytes(8)).hexdigest()
    assert len(info["dataset_digest"]) == 64
