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

IMAGE = np.zeros((28, 28, 1), np.float32)
IMAGE[4:24, 6:22] = np.random.default_rng(0).random((20, 16, 1), np.float32)
SAID = "trained on mnist · recipe quick, seed 3 · model m1"


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


def accurate():
    """As the accurate recipe's network, but small."""
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


def test_each_filter_is_drawn_with_its_number_on_one_scale_around_nothing(journey):
    figure = draw_filters(journey)
    drawn = pictures(figure)
    assert len(drawn) == 11
    for image, pattern in zip(drawn, journey.filters, strict=True):
        np.testing.assert_array_equal(image.get_array(), pattern)
        most = np.abs(journey.filters).max()
        assert image.get_clim() == pytest.approx((-most, most))
    numbers = [axes.get_title() for axes in figure.axes if axes.images]
    assert numbers == [str(number) for number in range(11)]


def test_the_filters_have_a_title_a_scale_and_a_caption(journey):
    said = words(draw_filters(journey))
    assert "The 11 filters of the first convolution, 3x3 pixels each" in said
    assert "weight: blue finds ink, red finds paper" in said
    assert SAID in said


def test_paper_is_red_and_ink_is_blue(journey):
    image = pictures(draw_filters(journey))[0]
    most = np.abs(journey.filters).max()
    ink, paper = (image.cmap(image.norm(value))[:3] for value in (most, -most))
    assert ink[2] > ink[0]
    assert paper[0] > paper[2]


def test_each_stage_of_the_journey_has_a_picture_its_shape_and_a_sentence(journey):
    figure = draw_journey(journey)
    assert len(figure.axes) == len(journey.stages) == 8
    assert len(pictures(figure)) == 7
    said = words(figure)
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
    assert [text for text in said if text in named] == named
    unfolded = [" ".join(text.split()) for text in said]
    for stage in journey.stages:
        assert stage.told in unfolded
    assert said.count("→") == 7
    assert f"The journey of test image 1, a 2, {answer_of(journey)}" in said
    assert SAID in said


def test_the_pictures_stand_from_left_to_right_without_touching(journey):
    boxes = [axes.get_position() for axes in draw_journey(journey).axes]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
    assert boxes[0].x0 > 0
    assert boxes[-1].x1 < 1


def test_no_sentence_of_the_journey_reaches_into_its_neighbours_or_out(journey):
    figure = draw_journey(journey)
    figure.draw_without_rendering()
    below = [text for text in figure.texts if text.get_va() == "top"][:8]
    boxes = [text.get_window_extent() for text in below]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.bbox.width
    (caption,) = (text for text in figure.texts if text.get_text() == SAID)
    assert min(box.y0 for box in boxes) > caption.get_window_extent().y1


def test_the_image_is_drawn_as_ink_on_paper_and_maps_side_by_side(journey):
    image, conv1, *_ = pictures(draw_journey(journey))
    np.testing.assert_allclose(image.get_array(), 1 - IMAGE[..., 0])
    assert image.cmap.name == "gray"
    maps = journey.stages[1].output
    drawn = np.ma.filled(conv1.get_array(), np.nan)
    assert np.nanmax(drawn) == pytest.approx(1)
    # Each value is three by three pixels, each map has a frame of three around it.
    first = drawn[3 : 3 + 78 : 3, 3 : 3 + 78 : 3]
    np.testing.assert_allclose(first, maps[..., 0] / maps.max(), atol=1e-6)
    assert np.isnan(drawn[:3]).all()


def test_vectors_are_drawn_from_above_down(journey):
    flatten = pictures(draw_journey(journey))[5]
    values = np.asarray(flatten.get_array())
    np.testing.assert_array_equal(values[:, 0], journey.stages[5].output)


def test_the_answer_is_a_red_bar_among_blue_ones_each_with_its_share(journey):
    axes = draw_journey(journey).axes[-1]
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


def test_attention_is_drawn_for_the_answer_and_the_next_on_one_scale(journey):
    figure = draw_attention(journey)
    image, *parts = pictures(figure)
    np.testing.assert_allclose(image.get_array(), 1 - IMAGE[..., 0])
    assert len(parts) == 2
    most = max(np.abs(values).max() for values in journey.attributions.values())
    for drawn, values in zip(parts, journey.attributions.values(), strict=True):
        np.testing.assert_array_equal(drawn.get_array(), values)
        assert drawn.get_clim() == pytest.approx((-most, most))
    probabilities = journey.stages[-1].output
    titles = [axes.get_title() for axes in figure.axes[:3]]
    first, second = journey.attributions
    assert titles == [
        "test image 1, a 2",
        f"for a {first}: {percent(probabilities[first])}",
        f"for a {second}: {percent(probabilities[second])}",
    ]
    assert probabilities[first] >= probabilities[second]


def test_attention_says_what_it_is_of_and_how_it_was_found(journey):
    said = words(draw_attention(journey))
    assert f"Which pixels spoke for the answer, {answer_of(journey)}" in said
    assert f"integrated gradients from a black image · {SAID}" in said
    assert "part in the score (logit):\nblue spoke for it, red against" in said


@pytest.mark.parametrize(
    "network",
    [
        accurate,
        lambda: build_cnn([[2]], batch_normalization=True, dropout=0.5, dense_units=3),
        lambda: build_cnn([[1]], kernel_size=5, dense_units=1),
    ],
)
@pytest.mark.parametrize("image", [IMAGE, np.zeros_like(IMAGE)], ids=["ink", "black"])
def test_networks_of_other_recipes_and_a_black_image_are_drawn_too(network, image):
    journey = journey_of(network(), image)
    filters, stages, attention = (
        draw(journey) for draw in (draw_filters, draw_journey, draw_attention)
    )
    for figure in (filters, stages, attention):
        assert any(SAID in text for text in words(figure))
    assert len(stages.axes) == len(journey.stages)


def test_a_map_that_stands_alone_is_bright_where_it_found_something():
    keras.utils.set_random_seed(3)
    journey = journey_of(build_cnn([[1]], dense_units=1))
    image, conv1, *_ = pictures(draw_journey(journey))
    assert (image.cmap.name, conv1.cmap.name) == ("gray", "viridis")
    values = journey.stages[1].output[..., 0]
    drawn = np.asarray(conv1.get_array())[3:-3:3, 3:-3:3]
    np.testing.assert_allclose(drawn, values / values.max(), atol=1e-6)


def test_maps_that_a_normalization_leaves_below_nothing_are_dark():
    network = build_cnn([[2]], batch_normalization=True, dense_units=3)
    norm = network.get_layer("norm1")
    scale, shift, _, spread = norm.get_weights()
    norm.set_weights([scale, shift, np.array([3, 4], np.float32), spread])
    journey = journey_of(network, np.zeros_like(IMAGE))
    _, _, _, norm1, flatten, *_ = pictures(draw_journey(journey))
    assert journey.stages[3].output.max() < 0
    for image in (norm1, flatten):
        drawn = np.ma.masked_invalid(image.get_array())
        assert np.ma.max(image.norm(drawn)) <= 0
    words(draw_journey(journey))


def test_of_columns_and_shifts_the_journey_tells_below_the_answer():
    said = [
        " ".join(text.split()) for text in words(draw_journey(journey_of(accurate())))
    ]
    assert any(
        text.startswith("The mean of 2 such columns and 5 shifts of the image.")
        for text in said
    )
