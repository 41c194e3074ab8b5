import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from digit_recognition.pipelines.robustness.family_charts import (
    FAR_COLOUR,
    NEAR_COLOUR,
    draw_corruptions,
    draw_robustness,
)

SUMMARY = {
    **{"accuracy_clean": 0.99, "accuracy_near": 0.9, "accuracy_far": None},
    **{"dataset": "mnist", "corruptions": "own", "recipe": "standard", "seed": 3},
    "model_version": "2026-11-23T10.45.19.856Z",
}


def words(figure):
    return [text.get_text() for text in figure.findobj(Text)]


@pytest.fixture(scope="module")
def chart():
    table = pd.DataFrame(
        {
            "family": ["clean", "fog", "shot_noise"],
            "strength": pd.array([0, 5, None], "Int64"),
            "near": [False, False, True],
            "accuracy": [0.99, 0.55, 0.9],
        }
    )
    figure = draw_robustness(table, SUMMARY)
    figure.draw_without_rendering()
    return figure


def test_the_chart_has_a_bar_for_each_family_with_the_worst_on_top(chart):
    (axes,) = chart.axes
    bars = axes.containers[0]
    assert [bar.get_width() for bar in bars] == pytest.approx([90, 55])
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "shot noise",
        "fog 5",
    ]
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [
        NEAR_COLOUR,
        FAR_COLOUR,
    ]


def test_the_chart_names_its_axis_its_groups_and_the_model(chart):
    (axes,) = chart.axes
    assert axes.get_xlabel() == "accuracy on the test images, %"
    said = words(chart)
    assert "similar to a change in training: 90.0 %" in said
    assert "unlike any change in training" in said
    assert any("standard, seed 3 · model 2026-11-23T10.45.19.856Z" in s for s in said)


def test_a_short_bar_has_its_value_beside_it():
    table = pd.DataFrame(
        {
            **{"family": ["clean", "fog", "jpeg"], "strength": [0, 5, 3]},
            **{"near": [False, False, True], "accuracy": [0.99, 0.02, 0.9]},
        }
    )
    figure = draw_robustness(table, SUMMARY)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert len(axes.texts) == 2
    for text in axes.texts:
        value, (x, _) = float(text.get_text()), text.get_position()
        assert (x > value) == (text.get_color() == "black") == (value < 12)


def test_the_grid_shows_each_image_and_only_wrong_predictions():
    images = np.random.default_rng(0).random((3, 28, 28))
    right = {"images": images, "predicted": np.array([1, 2, 3])}
    figure = draw_corruptions(
        {
            "clean": right | {"correct": np.array([True, True, True])},
            "dotted_line": right | {"correct": np.array([True, False, True])},
        },
        SUMMARY,
    )
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (sheet,) = axes.images
    rows = np.split(np.asarray(sheet.get_array()), 2)
    for row in rows:
        for cell, image in zip(np.split(row, 3, axis=1), images, strict=True):
            np.testing.assert_array_equal(cell[1:-1, 1:-1], image)
    said = words(figure)
    assert {"clean", "dotted line", "2"} <= set(said)
    assert not {"1", "3"} & set(said)
