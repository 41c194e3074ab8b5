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
    """The table of the runs, the first of them the oldest, as the catalog keeps it."""
    table = tabulate_runs(
        {version(day): lambda run=run: run for day, run in enumerate(runs, 1)}
    )
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


def traces(figure):
    return json.loads(figure.to_json())["data"]


def titles(figure):
    """Of the charts of each dataset, from above down."""
    return [note["text"] for note in figure.to_dict()["layout"]["annotations"]]


def unreadable():
    raise DatasetError("damaged")


def test_each_version_has_a_row_the_newest_first():
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


def test_what_an_old_version_does_not_tell_is_empty():
    table = tabulated({"test_accuracy": 0.5, "dataset": "mnist"}, metrics())
    assert list(table.columns) == COLUMNS
    old = table.iloc[1]
    assert set(table.columns[old.notna()]) == {"version", "dataset", "accuracy"}
    assert table.iloc[0].notna().all()


@pytest.mark.parametrize("damaged", [unreadable, lambda: [1, 2], lambda: "text"])
def test_a_version_that_cannot_be_read_is_left_out_and_named(damaged, capsys):
    table = tabulate_runs({version(1): metrics, version(2): damaged})
    assert table["version"].tolist() == [version(1)]
    assert capsys.readouterr().out == (
        f"Left out, as they cannot be read: metrics of {version(2)}\n"
    )


def test_where_all_can_be_read_nothing_is_printed(capsys):
    tabulated(metrics())
    assert capsys.readouterr().out == ""


def test_where_none_can_be_read_that_is_said():
    with pytest.raises(ProjectError, match="can be read, received 2 that cannot; make"):
        tabulate_runs({version(1): unreadable, version(2): lambda: []})


def test_a_line_goes_through_the_accuracy_of_each_run_with_its_interval():
    (trace,) = traces(draw_runs(tabulated(metrics(), metrics(test_accuracy=0.625))))
    assert trace["name"] == "quick"
    assert trace["x"] == ["2026-11-01 10:45:19", "2026-11-02 10:45:19"]
    assert trace["y"] == [75, 62.5]
    assert trace["error_y"]["array"] == [12.5, 25]
    assert trace["error_y"]["arrayminus"] == [25, 12.5]
    assert trace["customdata"] == [["3", "2", "0.5000"], ["3", "2", "0.5000"]]


def test_runs_on_different_data_are_never_in_one_line():
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


def test_a_recipe_has_one_colour_one_symbol_and_one_name_in_the_legend():
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


def test_models_trained_on_other_data_than_they_are_judged_on_stand_apart():
    figure = draw_runs(tabulated(metrics(trained_on="mnist-sample"), metrics()))
    assert titles(figure) == [
        "mnist aaaaaaaa",
        "mnist aaaaaaaa, trained on mnist-sample",
    ]
    assert len(figure.data) == 2


def test_what_one_old_version_does_not_tell_changes_no_other():
    runs = tabulated(metrics(seed=None, test_loss=None), metrics(seed=3))
    (trace,) = draw_runs(runs).data
    assert [list(row) for row in trace.customdata] == [
        ["?", "2", "?"],
        ["3", "2", "0.5000"],
    ]


def test_of_many_datasets_the_eight_with_the_newest_runs_are_shown():
    runs = [metrics(dataset_digest=f"{number}" * 64) for number in range(10)]
    runs[0]["dataset_digest"] = "9" * 64
    figure = draw_runs(tabulated(metrics(dataset_digest="z" * 64), *runs))
    assert titles(figure) == [f"mnist {f'{number}' * 8}" for number in range(9, 1, -1)]
    heading = figure.layout.title.text
    assert "Accuracy of 11 runs" in heading
    assert "the newest 8 of 10 datasets" in heading


def test_the_chart_has_axes_with_units_and_is_plain_lists_to_the_browser():
    figure = draw_runs(tabulated(metrics(), metrics(dataset_digest="b" * 64)))
    layout = figure.to_dict()["layout"]
    assert layout["yaxis"]["title"]["text"] == "accuracy, %"
    assert layout["yaxis2"]["title"]["text"] == "accuracy, %"
    assert layout["xaxis2"]["title"]["text"] == "run (UTC)"
    assert "Accuracy of 2 runs, with 95 % intervals" in layout["title"]["text"]
    assert "newest" not in layout["title"]["text"]
    assert "bdata" not in figure.to_json()


@pytest.mark.parametrize("others", [(), (metrics(),)])
def test_runs_of_old_versions_that_tell_less_are_drawn_too(others):
    old = {"test_accuracy": 0.5, "dataset": "mnist", "recipe": "quick"}
    figure = draw_runs(tabulated(old, *others))
    drawn = traces(figure)
    assert [50] in [trace["y"] for trace in drawn]
    assert len(drawn) == len(titles(figure)) == 1 + len(others)
    assert titles(figure)[-1] == "mnist ?"
    (trace,) = (trace for trace in drawn if trace["y"] == [50])
    assert trace["customdata"] == [["?", "?", "?"]]


def test_runs_that_tell_neither_recipe_nor_data_are_drawn_too():
    figure = draw_runs(tabulated({"test_accuracy": 0.5}, metrics()))
    lines = {trace["name"]: trace["y"] for trace in traces(figure)}
    assert lines == {"quick": [75], "?": [50]}
    assert titles(figure) == ["mnist aaaaaaaa", "? ?"]


def test_runs_without_an_accuracy_are_left_out_of_the_chart():
    figure = draw_runs(tabulated(metrics(), {"dataset": "mnist"}))
    assert len(traces(figure)) == 1
    assert "Accuracy of 1 runs" in figure.layout.title.text
    assert traces(draw_runs(tabulated({"dataset": "mnist"}))) == []
