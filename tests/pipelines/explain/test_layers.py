import keras
import numpy as np
import pytest
import yaml
from conftest import ROOT
from scipy.signal import correlate2d

from digit_recognition.models.cnn import (
    average_shifts,
    build_cnn,
    build_columns,
    first_column,
    join_columns,
    without_softmax,
)
from digit_recognition.pipelines.explain import layers
from digit_recognition.pipelines.explain.layers import (
    attribute,
    first_filters,
    layers_of,
    trace,
)
from digit_recognition.pipelines.train.recipes import TrainParameters

pytestmark = pytest.mark.runs

IMAGE = np.zeros((28, 28, 1), np.float32)
IMAGE[4:24, 6:22] = np.random.default_rng(0).random((20, 16, 1), np.float32)
BLACK = np.zeros((28, 28, 1), np.float32)


def with_biases(network):
    """Add noise to all weights: without biases the output is linear in brightness."""
    rng = np.random.default_rng(1)
    weights = network.get_weights()
    network.set_weights([w + rng.normal(0, 0.05, w.shape) for w in weights])
    return network


@pytest.fixture(scope="module")
def design():
    keras.utils.set_random_seed(0)
    return with_biases(build_cnn())


@pytest.fixture(scope="module")
def joined():
    """Build a small network like the accurate recipe's: 3 columns, 5 shifts."""
    keras.utils.set_random_seed(0)
    columns = build_columns(3, filters=[[2, 3], [4]], dense_units=5)
    return average_shifts(join_columns(with_biases(columns)), 1)


@pytest.fixture(scope="module")
def stages(design):
    return trace(design, IMAGE)


def test_the_design_has_parameters_and_multiplications_as_computed_by_hand(design):
    layers = [
        (layer.name, layer.kind, layer.shape, layer.parameters, layer.multiplications)
        for layer in layers_of(design)
    ]
    assert layers == [
        ("conv1", "Conv2D", (26, 26, 32), (9 + 1) * 32, 26 * 26 * 32 * 9),
        ("pool1", "MaxPooling2D", (13, 13, 32), 0, 0),
        ("conv2", "Conv2D", (11, 11, 64), (9 * 32 + 1) * 64, 11 * 11 * 64 * 9 * 32),
        ("pool2", "MaxPooling2D", (5, 5, 64), 0, 0),
        ("flatten", "Flatten", (1600,), 0, 0),
        ("dense", "Dense", (128,), (1600 + 1) * 128, 1600 * 128),
        ("probabilities", "Dense", (10,), (128 + 1) * 10, 128 * 10),
    ]
    assert sum(parameters for *_, parameters, _ in layers) == 225_034
    assert {layer.passes for layer in layers_of(design)} == {1}


def test_layers_of_columns_are_named_by_path_and_counted_for_each_shift(joined):
    layers = {layer.name: layer for layer in layers_of(joined)}
    assert {f"trunk/column{number}/conv1" for number in (1, 2, 3)} < set(layers)
    second = layers["trunk/column2/conv2"]
    assert (second.shape, second.passes) == ((24, 24, 3), 5)
    assert second.parameters == (9 * 2 + 1) * 3
    assert second.multiplications == 5 * 24 * 24 * 3 * 9 * 2
    answer = layers["probabilities"]
    assert (answer.passes, answer.multiplications) == (1, 3 * 5 * 10)


def recipes():
    file = ROOT / "conf" / "base" / "parameters_train.yml"
    values = yaml.safe_load(file.read_text())["train"]
    return TrainParameters.model_validate(values).recipes


def test_all_parameters_of_every_recipe_are_counted_once():
    for recipe in recipes().values():
        model = recipe.finish(recipe.network.build("float32"))
        layers = layers_of(model)
        assert sum(layer.parameters for layer in layers) == model.count_params()
        assert len({layer.name for layer in layers}) == len(layers)


def test_a_loaded_network_has_the_same_layers(joined, tmp_path):
    joined.save(tmp_path / "joined.keras")
    loaded = keras.models.load_model(tmp_path / "joined.keras")
    assert layers_of(loaded) == layers_of(joined)
    for ours, theirs in zip(trace(loaded, IMAGE), trace(joined, IMAGE), strict=True):
        np.testing.assert_array_equal(ours.output, theirs.output)


def test_the_stages_have_the_shapes_of_the_design(stages):
    assert [(stage.name, stage.output.shape) for stage in stages] == [
        ("image", (28, 28, 1)),
        ("conv1", (26, 26, 32)),
        ("pool1", (13, 13, 32)),
        ("conv2", (11, 11, 64)),
        ("pool2", (5, 5, 64)),
        ("flatten", (1600,)),
        ("dense", (128,)),
        ("probabilities", (10,)),
    ]
    assert {stage.output.dtype for stage in stages} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(stages[0].output, IMAGE)


def test_each_stage_is_the_keras_layers_output_for_the_one_before(design, stages):
    values = IMAGE[None]
    for layer, stage in zip(design.layers, stages[1:], strict=True):
        values = layer(values)
        np.testing.assert_allclose(stage.output, values[0], atol=1e-6)
    answer = design.predict(IMAGE[None], verbose=0)[0]
    np.testing.assert_allclose(stages[-1].output, answer, atol=1e-6)


def test_the_first_maps_are_correlations_with_the_first_filters_after_relu(
    design, stages
):
    filters, (_, biases) = first_filters(design), design.layers[0].get_weights()
    for number, (pattern, bias) in enumerate(zip(filters, biases, strict=True)):
        found = correlate2d(IMAGE[..., 0], pattern, mode="valid") + bias
        ours = stages[1].output[..., number]
        np.testing.assert_allclose(ours, np.maximum(found, 0), atol=1e-5)
    assert (stages[1].output == 0).any()


@pytest.mark.parametrize("pool", [2, 4])
def test_pooling_keeps_the_largest_of_2x2_values(stages, pool):
    before, after = stages[pool - 1].output, stages[pool].output
    height, width, maps = after.shape
    blocks = before[: 2 * height, : 2 * width].reshape(height, 2, width, 2, maps)
    np.testing.assert_array_equal(after, blocks.max(axis=(1, 3)))


def test_the_flat_values_are_the_maps_pixel_by_pixel(stages):
    np.testing.assert_array_equal(stages[5].output, stages[4].output.ravel())


def test_each_stage_has_a_description(stages):
    descriptions = [stage.description for stage in stages]
    relu = "Bright: pattern found. Negative values become 0 (ReLU)."
    assert descriptions == [
        "The pixels: 0 is background, 1 is ink.",
        f"32 filters of 3x3 pixels, each for one pattern. {relu}",
        "Keeps the largest of each 2x2 values.",
        f"64 filters of 3x3 pixels, each for one pattern. {relu}",
        "Keeps the largest of each 2x2 values.",
        "All 64 maps in one vector, pixel by pixel.",
        "128 units, each with its own weighted sum of all 1,600 values (ReLU).",
        "Ten scores become probabilities (softmax).",
    ]


def test_the_stages_are_those_of_the_first_column_and_the_answer_is_of_all(joined):
    stages = trace(joined, IMAGE)
    assert [(stage.name, stage.output.shape) for stage in stages] == [
        ("image", (28, 28, 1)),
        ("conv1", (26, 26, 2)),
        ("conv2", (24, 24, 3)),
        ("pool1", (12, 12, 3)),
        ("conv3", (10, 10, 4)),
        ("pool2", (5, 5, 4)),
        ("flatten", (100,)),
        ("dense", (5,)),
        ("probabilities", (10,)),
    ]
    column = joined.get_layer("trunk").get_layer("column1")
    assert first_column(joined) is column
    np.testing.assert_allclose(stages[-2].output, column([IMAGE[None]])[0], atol=1e-6)
    answer = joined.predict(IMAGE[None], verbose=0)[0]
    np.testing.assert_allclose(stages[-1].output, answer, atol=1e-6)
    assert stages[-1].description.startswith(
        "Averages 3 such columns and 5 shifts of the image. Ten scores "
    )


def test_columns_and_shifts_are_described_if_there_are_any():
    keras.utils.set_random_seed(0)
    columns = join_columns(build_columns(2, filters=[[2]], dense_units=3))
    shifts = average_shifts(build_cnn(filters=[[2]], dense_units=3), 2)
    for network, description in (
        (columns, "Averages 2 such columns. Ten "),
        (shifts, "Averages 5 shifts of the image. Ten "),
    ):
        last = trace(network, IMAGE)[-1]
        assert last.description.startswith(description)
        answer = network.predict(IMAGE[None], verbose=0)[0]
        np.testing.assert_allclose(last.output, answer, atol=1e-6)


@pytest.mark.parametrize("name", ["design", "joined"])
def test_the_first_filters_are_the_first_kernel(name, request):
    network = request.getfixturevalue(name)
    filters = first_filters(network)
    kernel = first_column(network).get_layer("conv1").get_weights()[0]
    assert kernel.shape == (3, 3, 1, len(filters))
    for number, pattern in enumerate(filters):
        np.testing.assert_array_equal(pattern, kernel[:, :, 0, number])


@pytest.mark.parametrize(
    ("name", "steps", "error"),
    [
        ("design", layers.STEPS, 0.02),
        ("joined", layers.STEPS, 0.02),
        ("design", 256, 0.0025),
    ],
)
def test_the_contributions_add_up_to_the_difference_from_a_black_image(
    name, steps, error, request, monkeypatch
):
    monkeypatch.setattr(layers, "STEPS", steps)
    network = request.getfixturevalue(name)
    logits = without_softmax(network).predict(np.stack([IMAGE, BLACK]), verbose=0)
    differences = logits[0] - logits[1]
    parts = attribute(network, IMAGE, range(10))
    assert list(parts) == list(range(10))
    sums = [part.sum() for part in parts.values()]
    span = np.abs(differences).max()
    np.testing.assert_allclose(sums, differences, atol=error * span)


def test_black_pixels_contribute_nothing(design):
    image = np.where(IMAGE > 0.5, IMAGE, 0)
    (part,) = attribute(design, image, [3]).values()
    assert (part.shape, part.dtype) == ((28, 28), np.float32)
    assert np.count_nonzero(part[image[..., 0] == 0]) == 0
    assert np.count_nonzero(part) > 0
    (part,) = attribute(design, BLACK, [7]).values()
    np.testing.assert_array_equal(part, np.zeros((28, 28)))
