import io
import json

import pandas as pd
import pytest
from kedro.io import DatasetError

from digit_recognition.errors import ProjectError
from digit_recognition.pipelines.compare.nodes import draw_runs, tabulate_runs

COLUMNS = [
    *("version", "recipe", "seed", "dataset", "dataset_digest"),
    *("trained_on", "images"),
    *("accuracy", "accuracy_low", "accuracy_high", "loss", "seconds", "processor"),
    *("code_revision", "model_version"),
]


def version(day):
    return f"2026-11-{day:02}T10.45.19.856Z"


def metrics(**others):
    return {
        **{
            "recipe": "quick",
            "seed": 3,
            "dataset": "mnist",
            "dataset_digest": "a" * 64,
            "trained_on": others.get("dataset", "mnist"),
        },
        **{"test_images": 10_000, "test_accuracy": 0.75, "test_loss": 0.5},
        **{"accuracy_low": 0.5, "accuracy_high": 0.875, "fit_seconds": 1.5},
        **{"processor": "cpu", "code_revision": "abc", "model_version": "m1"},
        **{"test_errors": 2500, "epochs": 6},
        **others,
    }


def tabulated(*runs):
    """Return the table of the runs, oldest first, as the catalog loads it."""
    table = tabulate_runs(
        {version(day): lambda run=run: run for day, run in enumerate(runs, 1)}
    )
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


def traces(figure):
    return json.loads(figure.to_json())["data"]


def titles(figure):
    """Return the titles of the panels from top to bottom."""
    return [note["text"] for note in figure.to_dict()["layout"]["annotations"]]


def unreadable():
    raise DatasetError("damaged")


def test_each_version_has_a_row_with_the_newest_first():
    table = tabulate_runs(
        {
            version(2): lambda: metrics(seed=2),
            version(10): lambda: metrics(seed=10, recipe="plain"),
            version(9): lambda: metrics(seed=9),
        }
    )
    assert list(table.columns) == COLUMNS
    assert table["version"].tolist() == [version(10), version(9), version(2)]
    assert table["seed"].tolist() == [10, 9, 2]
    assert table.iloc[0].tolist() == [
        *(version(10), "plain", 10, "mnist", "a" * 64, "mnist", 10_000),
        *(0.75, 0.5, 0.875, 0.5, 1.5, "cpu", "abc", "m1"),
    ]


def test_values_that_an_old_version_lacks_are_empty():
    table = tabulated({"test_accuracy": 0.5, "dataset": "mnist"}, metrics())
    assert list(table.columns) == COLUMNS
    old = table.iloc[1]
    assert set(table.columns[old.notna()]) == {"version", "dataset", "accuracy"}
    assert table.iloc[0].notna().all()


@pytest.mark.parametrize("damaged", [unreadable, lambda: [1, 2], lambda: "text"])
def test_an_unreadable_version_is_left_out_and_named(damaged, caplog):
    table = tabulate_runs({version(1): metrics, version(2): damaged})
    assert table["version"].tolist() == [version(1)]
    assert caplog.messages == [
        f"Left out because they are damaged or cannot be read: metrics of {version(2)}"
    ]


def test_nothing_is_said_if_all_versions_are_readable(caplog):
    tabulated(metrics())
    assert caplog.messages == []


def test_metrics_without_a_readable_version_are_refused():
    with pytest.raises(
        ProjectError, match="readable metrics, received 2 unreadable versions"
    ):
        tabulate_runs({version(1): unreadable, version(2): lambda: []})


def test_a_line_goes_through_the_accuracy_of_each_run_with_its_interval():
    (trace,) = traces(draw_runs(tabulated(metrics(), metrics(test_accuracy=0.625))))
    assert trace["name"] == "quick"
    assert trace["x"] == ["2026-11-01 10:45:19", "2026-11-02 10:45:19"]
    assert trace["y"] == [75, 62.5]
    assert trace["error_y"]["array"] == [12.5, 25]
    assert trace["error_y"]["arrayminus"] == [25, 12.5]
    assert trace["customdata"] == [["3", "2", "0.5000"], ["3", "2", "0.5000"]]


def test_runs_on_different_data_are_never_on_one_line():
    runs = [
        metrics(),
        metrics(dataset_digest="b" * 64, test_accuracy=0.5),
        metrics(dataset="custom", test_accuracy=0.25),
        metrics(recipe="plain", test_accuracy=0.125),
    ]
    figure = draw_runs(tabulated(*runs))
    assert titles(figure) == ["mnist aaaaaaaa", "custom aaaaaaaa", "mnist bbbbbbbb"]
    lines = {(trace["name"], trace["yaxis"]): trace["y"] for trace in traces(figure)}
    assert lines == {
        **{("quick", "y"): [75], ("plain", "y"): [12.5]},
        **{("quick", "y2"): [25], ("quick", "y3"): [50]},
    }


def test_a_recipe_has_one_colour_one_symbol_and_one_legend_entry():
    runs = [
        metrics(recipe=recipe, dataset_digest=digest)
        for recipe in ("plain", "quick")
        for digest in ("a" * 64, "b" * 64)
    ]
    drawn = traces(draw_runs(tabulated(*runs)))
    looks = {
        recipe: {
            (trace["line"]["color"], trace["marker"]["symbol"])
            for trace in drawn
            if trace["name"] == recipe
        }
        for recipe in ("plain", "quick")
    }
    assert all(len(look) == 1 for look in looks.values())
    assert looks["plain"].isdisjoint(looks["quick"])
    named = [trace["name"] for trace in drawn if trace["showlegend"]]
    assert sorted(named) == ["plain", "quick"]


def test_models_trained_on_other_data_have_a_panel_of_their_own():
    figure = draw_runs(tabulated(metrics(trained_on="mnist-sample"), metrics()))
    assert titles(figure) == [
        "mnist aaaaaaaa",
        "mnist aaaaaaaa, trained on mnist-sample",
    ]
    assert len(figure.data) == 2


def test_values_missing_in_one_version_change_no_other_version():
    runs = tabulated(metrics(seed=None, test_loss=None), metrics(seed=3))
    (trace,) = draw_runs(runs).data
    assert [list(row) for row in trace.customdata] == [
        ["?", "2", "?"],
        ["3", "2", "0.5000"],
    ]


def test_only_the_eight_datasets_with_the_newest_runs_are_shown():
    runs = [metrics(dataset_digest=f"{number}" * 64) for number in range(10)]
    runs[0]["dataset_digest"] = "9" * 64
    figure = draw_runs(tabulated(metrics(dataset_digest="z" * 64), *runs))
    assert titles(figure) == [f"mnist {f'{number}' * 8}" for number in range(9, 1, -1)]
    heading = figure.layout.title.text
    assert "Accuracy of 11 runs" in heading
    assert "the 8 newest of 10 datasets, labelled" in heading


def test_the_chart_has_axes_with_units_and_arrays_as_lists():
    figure = draw_runs(tabulated(metrics(), metrics(dataset_digest="b" * 64)))
    layout = figure.to_dict()["layout"]
    assert layout["yaxis"]["title"]["text"] == "accuracy, %"
    assert layout["yaxis2"]["title"]["text"] == "accuracy, %"
    assert layout["xaxis2"]["title"]["text"] == "run (UTC)"
    assert "Accuracy of 2 runs, with 95 % intervals" in layout["title"]["text"]
    assert "newest" not in layout["title"]["text"]
    assert "bdata" not in figure.to_json()


@pytest.mark.parametrize("others", [(), (metrics(),)])
def test_runs_of_old_versions_with_fewer_values_are_drawn(others):
    old = {"test_accuracy": 0.5, "dataset": "mnist", "recipe": "quick"}
    figure = draw_runs(tabulated(old, *others))
    drawn = traces(figure)
    assert [50] in [trace["y"] for trace in drawn]
    assert len(drawn) == len(titles(figure)) == 1 + len(others)
    assert titles(figure)[-1] == "mnist ?"
    (trace,) = (trace for trace in drawn if trace["y"] == [50])
    assert trace["customdata"] == [["?", "?", "?"]]


def test_runs_without_recipe_and_dataset_are_drawn():
    figure = draw_runs(tabulated({"test_accuracy": 0.5}, metrics()))
    lines = {trace["name"]: trace["y"] for trace in traces(figure)}
    assert lines == {"quick": [75], "?": [50]}
    assert titles(figure) == ["mnist aaaaaaaa", "? ?"]


def test_runs_without_an_accuracy_are_not_drawn():
    figure = draw_runs(tabulated(metrics(), {"dataset": "mnist"}))
    assert len(traces(figure)) == 1
    assert "Accuracy of 1 runs" in figure.layout.title.text
    assert traces(draw_runs(tabulated({"dataset": "mnist"}))) == []
