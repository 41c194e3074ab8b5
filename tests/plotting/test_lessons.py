import numpy as np

from digit_recognition.plotting.lessons import (
    draw_bars,
    draw_groups,
    draw_lines,
    draw_panels,
    draw_pictures,
    draw_values,
)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_each_value_stands_in_its_cell():
    (axes,) = draw_values({"two": np.array([[0, 1], [2, 3]])}).axes
    assert axes.get_title() == "two"
    assert texts(axes) == ["0", "1", "2", "3"]
    assert [text.get_position() for text in axes.texts] == [
        *((0, 0), (1, 0), (0, 1), (1, 1))
    ]


def test_figures_on_dark_cells_are_white():
    (axes,) = draw_values({"": np.array([[0.0, 10.0]])}).axes
    assert [text.get_color() for text in axes.texts] == ["black", "white"]


def test_grids_side_by_side_have_one_scale():
    figure = draw_values({"a": np.array([[-4.0]]), "b": np.array([[2.0, 1.0]])})
    scales = [axes.images[0].norm for axes in figure.axes]
    assert [(scale.vmin, scale.vmax) for scale in scales] == [(-4, 4), (-4, 4)]


def test_without_a_format_no_value_is_written():
    assert texts(draw_values({"a": np.ones((2, 2))}, number_format="").axes[0]) == []


def test_pictures_stand_under_their_names_as_they_are():
    grey, coloured = np.full((4, 6), 0.5), np.zeros((2, 6, 3), np.uint8)
    figure = draw_pictures({"grey": grey, "in\ncolour": coloured}, columns=1)
    assert [axes.get_title() for axes in figure.axes] == ["grey", "in\ncolour"]
    images = [axes.images[0] for axes in figure.axes]
    assert [image.get_array().shape for image in images] == [(4, 6), (2, 6, 3)]
    assert (images[0].norm.vmin, images[0].norm.vmax) == (0, 1)


def test_pictures_stand_side_by_side_unless_said_otherwise():
    figure = draw_pictures({"a": np.ones((2, 2)), "b": np.ones((2, 2))})
    rows = {axes.get_subplotspec().rowspan.start for axes in figure.axes}
    assert rows == {0}


def test_bars_have_the_length_of_their_values_which_stand_at_their_ends():
    (axes,) = draw_bars({"a": 0.5, "b": 0.25}, "accuracy", ".0%").axes
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.25]
    assert texts(axes) == ["50%", "25%"]
    assert axes.get_xlabel() == "accuracy"


def test_groups_stand_beside_one_another():
    (axes,) = draw_groups({"a": [1, 2], "b": [3, 4]}, "digit", "share, %").axes
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    np.testing.assert_allclose(centres, [-0.2, 0.8, 0.2, 1.2])
    assert [bar.get_height() for bar in axes.patches] == [1, 2, 3, 4]


def test_lines_are_drawn_as_they_are():
    (axes,) = draw_lines({"loss": ([1, 2], [0.5, 0.1])}, "epoch", "nats", True).axes
    assert axes.lines[0].get_xydata().tolist() == [[1, 0.5], [2, 0.1]]
    assert axes.get_yscale() == "log"
    assert axes.get_legend() is None


def test_panels_stand_side_by_side_each_with_its_lines():
    lines = {"a": ([1, 2], [0.5, 0.1]), "b": ([1, 2], [0.6, 0.2])}
    figure = draw_panels({"loss": lines, "rate": {"": ([1], [3])}}, "epoch", ["loss"])
    loss, rate = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["loss", "rate"]
    drawn = [line.get_ydata().tolist() for line in loss.lines]
    assert drawn == [[0.5, 0.1], [0.6, 0.2]]
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    assert [axes.get_legend() is None for axes in figure.axes] == [False, True]
    assert rate.lines[0].get_marker() == "."
