import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from digit_recognition.pipelines.evaluate.charts import (
    draw_confusion_matrix,
    draw_reliability,
    draw_risk_coverage,
    draw_training_curves,
)

METRICS = {
    **{"dataset": "mnist", "trained_on": "mnist", "recipe": "quick", "seed": 3},
    **{"model_version": "2026-11-23T10.45.19.856Z"},
    **{"test_images": 4000, "test_errors": 7, "temperature": 1.25},
    **{"ece": 0.0123, "ece_calibrated": 0.0045},
    **{"coverage_at_1e-3_error": 0.75, "coverage_at_1e-4_error": 0.5},
}
CAPTION = "mnist · quick, seed 3 · model 2026-11-23T10.45"
SMALL = "font-size:10px"
TRAINING = {"augmentation": {"rotation": 5.0}}
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [1.5, 0.5, 0.25],
        "accuracy": [0.5, 0.75, 0.875],
        "val_loss": [1.0, 0.25, 0.5],
        "val_accuracy": [0.75, 0.875, 0.9375],
    }
)


def table(label, predicted, confidence=0.9, calibrated=0.8):
    columns = {"label": label, "predicted": predicted}
    return pd.DataFrame(columns).assign(confidence=confidence, calibrated=calibrated)


def some_predictions():
    """Return 300 predictions, about three quarters of them correct."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, 300)
    predicted = np.where(rng.random(300) < 0.75, label, rng.integers(0, 10, 300))
    confidence = rng.uniform(0.3, 1, 300)
    return table(label, predicted, confidence, confidence**2)


def shown(figure):
    """Return the figure as a browser receives it."""
    return json.loads(figure.to_json())


def title(figure):
    """Return the title and the caption below it."""
    text = shown(figure)["layout"]["title"]["text"]
    heading, span, below = text.partition(f'<br><span style="{SMALL}">')
    assert span
    return heading, below


def annotations(figure):
    return [annotation["text"] for annotation in shown(figure)["layout"]["annotations"]]


@pytest.mark.parametrize(
    ("draw", "heading"),
    [
        (
            lambda: draw_training_curves(HISTORY, TRAINING, METRICS),
            "Loss and accuracy during training",
        ),
        (
            lambda: draw_confusion_matrix(some_predictions(), METRICS),
            "7 of 4,000 test images are misclassified",
        ),
        (
            lambda: draw_reliability(some_predictions(), METRICS),
            "Reliability: accuracy at each level of confidence",
        ),
        (
            lambda: draw_risk_coverage(some_predictions(), METRICS),
            "Accepting fewer images leaves fewer errors among them",
        ),
    ],
)
def test_a_chart_has_a_title_a_caption_and_arrays_as_lists(draw, heading):
    figure = draw()
    assert title(figure) == (heading, f"{CAPTION}</span>")
    # Older versions of plotly.js cannot read packed arrays.
    assert "bdata" not in figure.to_json()


def test_the_curves_are_loss_and_accuracy_of_both_parts_in_each_epoch():
    figure = shown(draw_training_curves(HISTORY, TRAINING, METRICS))
    curves = [
        (trace["name"].split()[0], trace["x"], trace["y"]) for trace in figure["data"]
    ]
    assert curves == [
        ("training", [1, 2, 3], [1.5, 0.5, 0.25]),
        ("training", [1, 2, 3], [50, 75, 87.5]),
        ("validation", [1, 2, 3], [1, 0.25, 0.5]),
        ("validation", [1, 2, 3], [75, 87.5, 93.75]),
    ]
    layout = figure["layout"]
    assert layout["xaxis"]["title"]["text"] == "epoch"
    assert layout["yaxis"]["title"]["text"] == "loss (cross-entropy), nats"
    assert layout["yaxis2"]["title"]["text"] == "accuracy, %"
    assert [trace["showlegend"] for trace in figure["data"]] == [True, False] * 2


def test_the_curves_name_the_training_data_and_say_whether_images_were_changed():
    metrics = METRICS | {"trained_on": "mnist-sample"}
    for augmentation, name in (
        ({"rotation": 5.0}, "training images, changed at random"),
        ({"rotation": 0.0, "paper": None}, "training images"),
        (None, "training images"),
    ):
        training = {"augmentation": augmentation}
        figure = draw_training_curves(HISTORY, training, metrics)
        assert shown(figure)["data"][0]["name"] == name
        assert "mnist-sample · quick" in title(figure)[1]


def test_a_training_of_one_epoch_is_a_point_in_the_middle():
    figure = shown(draw_training_curves(HISTORY[:1], TRAINING, METRICS))
    assert figure["layout"]["xaxis"]["range"] == [0.5, 1.5]
    assert figure["data"][0]["mode"] == "lines+markers"


def test_errors_are_counted_in_colour_and_correct_predictions_in_grey():
    predictions = some_predictions()
    counts = confusion_matrix(predictions["label"], predictions["predicted"])
    diagonal, errors = shown(draw_confusion_matrix(predictions, METRICS))["data"]
    for row in range(10):
        for column in range(10):
            count = int(counts[row, column])
            here, there = (errors, diagonal) if row != column else (diagonal, errors)
            assert here["z"][row][column] == count
            assert here["text"][row][column] == (str(count) if count else "")
            assert there["z"][row][column] is None
            assert there["text"][row][column] == ""
    assert len({colour for _, colour in diagonal["colorscale"]}) == 1
    assert (errors["zmin"], errors["zmax"]) == (
        0,
        counts[~np.eye(10, dtype=bool)].max(),
    )
    assert errors["x"] == errors["y"] == [str(digit) for digit in range(10)]


def test_the_hover_text_has_the_share_of_the_true_digits_images():
    predictions = table([4, 4, 4, 4, 9], [4, 9, 9, 9, 9])
    diagonal, errors = shown(draw_confusion_matrix(predictions, METRICS))["data"]
    assert diagonal["customdata"][4][4] == 1 / 4
    assert errors["customdata"][4][9] == 3 / 4
    assert diagonal["customdata"][9][9] == 1
    assert diagonal["customdata"][0] == [0] * 10
    hover = "%{z:,} images, %{customdata:.2%} of all %{y}s: %{y} read as %{x}"
    assert hover in errors["hovertemplate"]
    assert hover in diagonal["hovertemplate"]


def test_the_axes_of_the_confusion_matrix_are_predicted_and_true_labels():
    layout = shown(draw_confusion_matrix(some_predictions(), METRICS))["layout"]
    assert layout["xaxis"]["title"]["text"] == "predicted label"
    assert layout["yaxis"]["title"]["text"] == "true label"
    assert layout["yaxis"]["autorange"] == "reversed"


def test_without_errors_the_confusion_matrix_is_a_diagonal():
    figure = draw_confusion_matrix(table([0, 1], [0, 1]), METRICS)
    diagonal, errors = shown(figure)["data"]
    assert diagonal["z"][1][1] == 1
    assert errors["zmax"] == 1
    assert {value for row in errors["z"] for value in row} == {0, None}


def curves_of(figure):
    """Return the curves of accuracy against confidence, as trained and scaled."""
    return [trace for trace in shown(figure)["data"] if "error_y" in trace]


def test_each_point_is_the_accuracy_of_the_images_in_a_bin():
    predictions = some_predictions()
    curves = curves_of(draw_reliability(predictions, METRICS))
    for curve, column in zip(curves, ("confidence", "calibrated"), strict=True):
        bins = pd.cut(predictions[column], np.linspace(0, 1, 16))
        parts = [part for _, part in predictions.groupby(bins, observed=True)]
        assert curve["x"] == pytest.approx(
            [100 * part[column].mean() for part in parts]
        )
        assert curve["y"] == pytest.approx(
            [100 * accuracy_score(part["label"], part["predicted"]) for part in parts]
        )
        assert curve["customdata"] == [len(part) for part in parts]


def test_each_point_has_wilsons_interval():
    right = [True] * 90 + [False] * 10
    curves = curves_of(draw_reliability(table(1, np.where(right, 1, 2)), METRICS))
    for curve in curves:
        assert curve["y"] == [90]
        # By hand, as in test_evaluate_nodes.py: 82.5634 to 94.4771 %.
        assert curve["error_y"]["array"] == pytest.approx([4.4771], abs=1e-4)
        assert curve["error_y"]["arrayminus"] == pytest.approx([7.4366], abs=1e-4)


def test_both_curves_are_named_with_their_calibration_error():
    names = [
        curve["name"]
        for curve in curves_of(draw_reliability(some_predictions(), METRICS))
    ]
    assert names == [
        "as trained: expected calibration error 1.23 %",
        "scaled by temperature 1.25: expected calibration error 0.45 %",
    ]


def test_the_bars_below_count_the_images_of_each_bin():
    predictions = table([1] * 5, [1] * 5, [0.95, 0.95, 0.95, 0.5, 0.5], 0.7)
    figure = shown(draw_reliability(predictions, METRICS))
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert [bar["y"] for bar in bars] == [[2, 3], [5]]
    assert bars[0]["customdata"] == pytest.approx([50, 95])
    layout = figure["layout"]
    assert layout["xaxis2"]["title"]["text"] == "confidence, % (mean of each bin)"
    assert layout["yaxis"]["title"]["text"] == "accuracy, % (95 % interval)"
    assert layout["yaxis2"]["title"]["text"] == "images"
    assert layout["yaxis2"]["type"] == "log"


@pytest.mark.parametrize("predicted", [1, 2])
def test_a_model_that_is_always_right_or_always_wrong_has_charts_too(predicted):
    predictions = table([1, 1, 1], predicted, [0.5, 0.9, 1.0], [0.2, 0.6, 0.8])
    share = 100.0 if predicted == 1 else 0.0
    for curve in curves_of(draw_reliability(predictions, METRICS)):
        assert set(curve["y"]) == {share}
    (curve,) = shown(draw_risk_coverage(predictions, METRICS))["data"]
    assert set(curve["y"]) == {100 - share}


def test_the_risk_is_that_of_the_most_confident_images_after_scaling():
    predictions = table(
        [1, 1, 1, 1], [1, 1, 2, 1], [0.1, 0.2, 0.9, 0.3], [0.9, 0.8, 0.7, 0.6]
    )
    (curve,) = shown(draw_risk_coverage(predictions, METRICS))["data"]
    assert curve["x"] == [25, 50, 75, 100]
    assert curve["y"] == pytest.approx([0, 0, 100 / 3, 25])
    assert curve["customdata"] == pytest.approx([90, 80, 70, 60])


def test_a_curve_of_many_images_keeps_the_points_at_its_errors():
    correct = np.full(10_000, True)
    correct[[5_432, 9_876]] = False
    confidence = np.linspace(1, 0.5, 10_000)
    predictions = table(1, np.where(correct, 1, 2), 0.5, confidence)
    (curve,) = shown(draw_risk_coverage(predictions, METRICS))["data"]
    assert len(curve["x"]) < 250
    points = dict(zip(np.round(curve["x"], 6), curve["y"], strict=True))
    assert points[54.32] == 0
    assert points[54.33] == pytest.approx(100 / 5433)
    assert points[98.76] == pytest.approx(100 / 9876)
    assert points[98.77] == pytest.approx(200 / 9877)
    assert points[100] == pytest.approx(0.02)
    assert curve["customdata"][-1] == 50


def test_lines_at_two_error_rates_have_the_share_of_accepted_images():
    figure = draw_risk_coverage(some_predictions(), METRICS)
    assert {
        "1 error in 1,000: 75.0 % accepted",
        "1 error in 10,000: 50.0 % accepted",
    } <= set(annotations(figure))
    layout = shown(figure)["layout"]
    assert [line["y0"] for line in layout["shapes"]] == pytest.approx([0.1, 0.01])
    assert [line["y1"] for line in layout["shapes"]] == pytest.approx([0.1, 0.01])
    assert layout["xaxis"]["title"]["text"] == (
        "coverage: share of images accepted, most confident first, %"
    )
    assert layout["yaxis"]["title"]["text"] == ("risk: errors among accepted images, %")


def test_the_coverage_axis_begins_just_before_the_first_error():
    correct = np.full(1000, True)
    correct[957:] = False
    predictions = table(1, np.where(correct, 1, 2), 0.5, np.linspace(1, 0.5, 1000))
    start, end = shown(draw_risk_coverage(predictions, METRICS))["layout"]["xaxis"][
        "range"
    ]
    assert start == 80
    assert end > 100
