from itertools import pairwise

import keras
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from digit_recognition.digests import weights_digest
from digit_recognition.models.cnn import (
    average_shifts,
    build_cnn,
    build_columns,
    join_columns,
)
from digit_recognition.pipelines.explain.journey_figures import (
    draw_attention,
    draw_filters,
    draw_journey,
)
from digit_recognition.pipelines.explain.nodes import Chosen, follow_image
from digit_recognition.plotting.style import BLUE, RED

pytestmark = pytest.mark.runs

IMAGE = np.zeros((28, 28, 1), np.float32)
IMAGE[4:24, 6:22] = np.random.default_rng(0).random((20, 16, 1), np.float32)
CAPTION = "trained on mnist · recipe quick, seed 3 · model m1"


def journey_of(network, image=IMAGE):
    training = {
        "model_digest": weights_digest(network.get_weights()),
        **{"dataset": "mnist", "recipe": "quick", "seed": 3},
    }
    lineage = {"versions": {"model": "m1"}}
    return follow_image(network, Chosen(image, "test image 1, a 2"), training, lineage)


@pytest.fixture(scope="module")
def journey():
    keras.utils.set_random_seed(1)
    return journey_of(build_cnn(filters=[[11], [4]], dense_units=6))


@pytest.fixture(scope="module")
def journey_figure(journey):
    return draw_journey(journey)


def accurate():
    """Build a small network like the accurate recipe's."""
    keras.utils.set_random_seed(1)
    columns = build_columns(2, filters=[[2, 3], [4, 4]], dense_units=5)
    return average_shifts(join_columns(columns), 1)


def words(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def pictures(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def percent(probability):
    return f"{100 * probability:.1f} %"


def answer_of(journey):
    probabilities = journey.stages[-1].output
    answer = probabilities.argmax()
    return f"read as {answer} ({percent(probabilities[answer])})"


def test_all_filters_are_drawn_on_one_scale_that_is_symmetric_about_0(journey):
    figure = draw_filters(journey)
    drawn = pictures(figure)
    assert len(drawn) == 11
    for image, pattern in zip(drawn, journey.filters, strict=True):
        np.testing.assert_array_equal(image.get_array(), pattern)
        maximum = np.abs(journey.filters).max()
        assert image.get_clim() == pytest.approx((-maximum, maximum))
    numbers = [axes.get_title() for axes in figure.axes if axes.images]
    assert numbers == [str(number) for number in range(11)]


def test_the_filters_have_a_title_a_scale_and_a_caption(journey):
    texts = words(draw_filters(journey))
    assert "The 11 filters of the first convolution, 3x3 pixels each" in texts
    assert "weight: blue responds to ink, red to background" in texts
    assert CAPTION in texts


def test_positive_weights_are_blue_and_negative_ones_red(journey):
    image = pictures(draw_filters(journey))[0]
    maximum = np.abs(journey.filters).max()
    positive, negative = (
        image.cmap(image.norm(value))[:3] for value in (maximum, -maximum)
    )
    assert positive[2] > positive[0]
    assert negative[0] > negative[2]


def test_each_stage_of_the_journey_has_a_picture_a_shape_and_a_description(
    journey, journey_figure
):
    figure = journey_figure
    assert len(figure.axes) == len(journey.stages) == 8
    assert len(pictures(figure)) == 7
    texts = words(figure)
    named = [
        "image\n28x28x1",
        "conv1\n26x26x11",
        "pool1\n13x13x11",
        "conv2\n11x11x4",
        "pool2\n5x5x4",
        "flatten\n100",
        "dense\n6",
        "probabilities\n10",
    ]
    assert [text for text in texts if text in named] == named
    unfolded = [" ".join(text.split()) for text in texts]
    for stage in journey.stages:
        assert stage.description in unfolded
    assert texts.count("→") == 7
    assert f"The journey of test image 1, a 2, {answer_of(journey)}" in texts
    assert CAPTION in texts


def test_the_stages_are_drawn_from_left_to_right_without_overlap(journey_figure):
    boxes = [axes.get_position() for axes in journey_figure.axes]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
    assert boxes[0].x0 > 0
    assert boxes[-1].x1 < 1


def test_descriptions_overlap_neither_each_other_nor_the_caption(journey_figure):
    figure = journey_figure
    figure.draw_without_rendering()
    below = [text for text in figure.texts if text.get_va() == "top"][:8]
    boxes = [text.get_window_extent() for text in below]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.bbox.width
    (caption,) = (text for text in figure.texts if text.get_text() == CAPTION)
    assert min(box.y0 for box in boxes) > caption.get_window_extent().y1


def test_the_image_is_drawn_dark_on_light_and_the_maps_in_a_grid(
    journey, journey_figure
):
    image, conv1, *_ = pictures(journey_figure)
    np.testing.assert_allclose(image.get_array(), 1 - IMAGE[..., 0])
    assert image.cmap.name == "gray"
    maps = journey.stages[1].output
    drawn = np.ma.filled(conv1.get_array(), np.nan)
    assert np.nanmax(drawn) == pytest.approx(1)
    # Each value takes 3x3 pixels, and each map has a frame of 3 pixels.
    first = drawn[3 : 3 + 78 : 3, 3 : 3 + 78 : 3]
    np.testing.assert_allclose(first, maps[..., 0] / maps.max(), atol=1e-6)
    assert np.isnan(drawn[:3]).all()


def test_vectors_are_drawn_from_top_to_bottom(journey, journey_figure):
    flatten = pictures(journey_figure)[5]
    values = np.asarray(flatten.get_array())
    np.testing.assert_array_equal(values[:, 0], journey.stages[5].output)


def test_the_answer_is_a_red_bar_and_each_bar_has_its_probability(
    journey, journey_figure
):
    axes = journey_figure.axes[-1]
    probabilities = journey.stages[-1].output
    (bars,) = axes.containers
    widths = [bar.get_width() for bar in bars]
    assert widths == pytest.approx(probabilities.tolist())
    colours = [to_hex(bar.get_facecolor()).upper() for bar in bars]
    assert colours.index(RED) == probabilities.argmax()
    assert colours.count(BLUE) == 9
    assert [text.get_text() for text in axes.texts] == [
        percent(probability) for probability in probabilities
    ]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_contributions_to_the_top_two_digits_are_drawn_on_one_scale(journey):
    figure = draw_attention(journey)
    image, *parts = pictures(figure)
    np.testing.assert_allclose(image.get_array(), 1 - IMAGE[..., 0])
    assert len(parts) == 2
    maximum = max(np.abs(values).max() for values in journey.attributions.values())
    for drawn, values in zip(parts, journey.attributions.values(), strict=True):
        np.testing.assert_array_equal(drawn.get_array(), values)
        assert drawn.get_clim() == pytest.approx((-maximum, maximum))
    probabilities = journey.stages[-1].output
    titles = [axes.get_title() for axes in figure.axes[:3]]
    first, second = journey.attributions
    assert titles == [
        "test image 1, a 2",
        f"digit {first}, probability {percent(probabilities[first])}",
        f"digit {second}, probability {percent(probabilities[second])}",
    ]
    assert probabilities[first] >= probabilities[second]


def test_the_contributions_have_a_title_a_scale_and_their_method(journey):
    texts = words(draw_attention(journey))
    assert f"Contribution of each pixel; the image is {answer_of(journey)}" in texts
    assert f"integrated gradients from a black image · {CAPTION}" in texts
    assert (
        "contribution to the digit's logit:\nblue for the digit, red against" in texts
    )


@pytest.mark.parametrize(
    ("network", "image"),
    [
        (accurate, IMAGE),
        (lambda: build_cnn([[1]], kernel_size=5, dense_units=1), IMAGE),
        (lambda: build_cnn([[1]], kernel_size=5, dense_units=1), np.zeros_like(IMAGE)),
    ],
    ids=["accurate", "one map", "one map of a black image"],
)
def test_other_networks_and_a_black_image_are_drawn(network, image):
    journey = journey_of(network(), image)
    filters, stages, attention = (
        draw(journey) for draw in (draw_filters, draw_journey, draw_attention)
    )
    for figure in (filters, stages, attention):
        assert any(CAPTION in text for text in words(figure))
    assert len(stages.axes) == len(journey.stages)


def test_a_single_map_is_bright_where_its_pattern_is_found():
    keras.utils.set_random_seed(3)
    journey = journey_of(build_cnn([[1]], dense_units=1))
    image, conv1, *_ = pictures(draw_journey(journey))
    assert (image.cmap.name, conv1.cmap.name) == ("gray", "viridis")
    values = journey.stages[1].output[..., 0]
    drawn = np.asarray(conv1.get_array())[3:-3:3, 3:-3:3]
    np.testing.assert_allclose(drawn, values / values.max(), atol=1e-6)


def test_the_journey_says_that_columns_and_shifts_are_averaged():
    texts = [
        " ".join(text.split()) for text in words(draw_journey(journey_of(accurate())))
    ]
    assert any(
        text.startswith("Averages 2 such columns and 5 shifts of the image.")
        for text in texts
    )
