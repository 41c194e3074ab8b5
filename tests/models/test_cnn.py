from functools import partial

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from digit_recognition.models.cnn import (
    average_shifts,
    build_cnn,
    build_columns,
    convolutions,
    initial_seeds,
    join_columns,
    without_softmax,
)


def test_the_default_network_has_the_layers_of_the_design():
    network = build_cnn()
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == [
        "Conv2D",
        "MaxPooling2D",
        "Conv2D",
        "MaxPooling2D",
        "Flatten",
        "Dense",
        "Dense",
    ]
    assert [layer.name for layer in network.layers] == [
        "conv1",
        "pool1",
        "conv2",
        "pool2",
        "flatten",
        "dense",
        "probabilities",
    ]
    shapes = [layer.output.shape[1:] for layer in network.layers]
    assert shapes == [
        (26, 26, 32),
        (13, 13, 32),
        (11, 11, 64),
        (5, 5, 64),
        (1600,),
        (128,),
        (10,),
    ]
    activations = [
        layer.activation.__name__
        for layer in network.layers
        if hasattr(layer, "activation")
    ]
    assert activations == ["relu", "relu", "relu", "softmax"]
    assert network.count_params() == 225_034
    assert network.input_shape == (None, 28, 28, 1)


def refuse(*arguments):
    raise AssertionError("the generator that all threads share")


@pytest.mark.parametrize(
    "build", [build_cnn, partial(build_columns, 2)], ids=["one", "columns"]
)
def test_initial_weights_are_keras_own_without_its_shared_generator(build, monkeypatch):
    keras.utils.set_random_seed(7)
    expected = build().get_weights()
    monkeypatch.setattr("random.randint", refuse)
    weights = build(seeds=initial_seeds(7)).get_weights()
    for ours, theirs in zip(weights, expected, strict=True):
        assert_array_equal(ours, theirs)


def test_a_pooling_ends_each_stage_of_convolutions():
    network = build_cnn(filters=[[2, 3], [4]], dense_units=5)
    assert [
        (type(layer).__name__, layer.output.shape[1:]) for layer in network.layers
    ] == [
        ("Conv2D", (26, 26, 2)),
        ("Conv2D", (24, 24, 3)),
        ("MaxPooling2D", (12, 12, 3)),
        ("Conv2D", (10, 10, 4)),
        ("MaxPooling2D", (5, 5, 4)),
        ("Flatten", (100,)),
        ("Dense", (5,)),
        ("Dense", (10,)),
    ]


def test_all_layers_but_the_last_have_the_given_precision():
    network = build_cnn(filters=[[2]], dtype="mixed_bfloat16")
    *inner, last = (layer.compute_dtype for layer in network.layers)
    assert set(inner) == {"bfloat16"}
    assert last == "float32"
    assert {weight.dtype for weight in network.weights} == {"float32"}


def test_a_saved_network_loads_in_safe_mode_with_equal_outputs(tmp_path):
    network = build_cnn(filters=[[2]], kernel_size=5, dense_units=3)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), network.predict(images, verbose=0)
    )


def test_the_softmax_of_the_logits_equals_the_probabilities():
    network = build_cnn(filters=[[2]], dense_units=3)
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    logits = without_softmax(network).predict(images, verbose=0)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(
        exponentials / exponentials.sum(axis=1, keepdims=True),
        network.predict(images, verbose=0),
        rtol=1e-5,
    )


def test_the_logits_are_averaged_over_five_shifts(
    tmp_path,
):
    network = build_cnn(filters=[[3]], dense_units=8)
    images = np.zeros((4, 28, 28, 1), np.float32)
    images[:, 5:23, 5:23] = np.random.default_rng(0).random((4, 18, 18, 1), np.float32)
    averaged = average_shifts(network, pixels=2)
    expected = np.mean(
        [
            without_softmax(network).predict(np.roll(images, by, (1, 2)), verbose=0)
            for by in ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))
        ],
        axis=0,
    )
    logits = without_softmax(averaged).predict(images, verbose=0)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    for ours, theirs in zip(averaged.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    averaged.save(tmp_path / "averaged.keras")
    loaded = keras.models.load_model(tmp_path / "averaged.keras", safe_mode=True)
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), averaged.predict(images, verbose=0)
    )


def test_joined_columns_average_their_logits(tmp_path):
    keras.utils.set_random_seed(0)
    columns = build_columns(3, filters=[[2], [3]], dense_units=4)
    images = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)
    apart = columns.predict(images, verbose=0)
    assert apart.shape == (5, 3, 10)
    assert np.ptp(apart, axis=1).max() > 0.001
    for number, answers in enumerate(np.swapaxes(apart, 0, 1), start=1):
        column = columns.get_layer(f"column{number}")
        np.testing.assert_allclose(answers, column.predict(images, verbose=0), 1e-5)
    joined = join_columns(columns)
    product = np.exp(np.log(apart).mean(axis=1))
    np.testing.assert_allclose(
        joined.predict(images, verbose=0),
        product / product.sum(axis=1, keepdims=True),
        rtol=1e-4,
    )
    joined.save(tmp_path / "joined.keras")
    loaded = keras.models.load_model(tmp_path / "joined.keras", safe_mode=True)
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), joined.predict(images, verbose=0)
    )
    shifted = average_shifts(joined, 1)
    assert without_softmax(shifted).predict(images, verbose=0).shape == (5, 10)


def test_convolutions_are_those_of_the_first_column_on_the_unshifted_image():
    images = np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    keras.utils.set_random_seed(0)
    columns = build_columns(2, filters=[[2], [3]], dense_units=4)
    column = columns.get_layer("column1")
    expected = keras.Model(column.inputs, column.get_layer("flatten").output)
    expected = expected.predict(images, verbose=0)
    assert expected.shape == (4, 75)
    joined = join_columns(columns)
    for network in (column, joined, average_shifts(joined, 1)):
        seen = convolutions(network).predict(images, verbose=0)
        np.testing.assert_array_equal(seen, expected)
