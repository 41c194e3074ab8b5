"""People's pictures, read by whole runs, each its own process."""

import csv
import io
import json
import os
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from digit_recognition.datasets import PictureFolderDataset
from digit_recognition.datasets.mnist_dataset import load_sample
from digit_recognition.plotting.page_drawing import MIN_SIDE

pytestmark = pytest.mark.runs

READ = ("run", "--pipelines", "read", "--params")


@pytest.fixture(scope="module")
def exported(sample_run, tmp_path_factory):
    """A project with an exported model; tests only add versions to it."""
    return sample_run.copy_to(tmp_path_factory.mktemp("exported") / "project")


@pytest.fixture(scope="module")
def on_paper():
    """A light page of digits that the model learned: a list of numbers, one a line."""
    sample = load_sample()
    first = [np.flatnonzero(sample["y_train"] == digit)[0] for digit in range(10)]
    digits = 230 - sample["x_train"][first] * 0.8

    def page(*numbers):
        width = 60 + 40 * max(map(len, numbers))
        sheet = np.full((20 + 70 * len(numbers), width), 230, np.uint8)
        for line, number in enumerate(numbers):
            for position, digit in enumerate(number):
                y, x = 20 + 70 * line, 30 + 40 * position
                sheet[y : y + 28, x : x + 28] = digits[int(digit)]
        return Image.fromarray(sheet)

    return page


def png(width, height):
    """A PNG of one pixel, but for its header, which says another size."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


ODD_NAMES = {
    "a b.png": "1",
    'it\'s "2", #2: ${x}.png': "2",
    "new\nline.png": "3",
    "文字/数.png": "4",
    os.fsdecode(b"\xff.png"): "5",
    "=1+1.png": "6",
    "+7.png": "7",
    "-8.png": "8",
    "@9.png": "9",
    "north/same.png": "10",
    "south/same.png": "21",
}
CELLS = {
    "new\nline.png": "new\\nline.png",
    "=1+1.png": "'=1+1.png",
    "+7.png": "'+7.png",
    "-8.png": "'-8.png",
    "@9.png": "'@9.png",
    os.fsdecode(b"\xff.png"): "\\udcff.png",
}
NOT_READABLE = {
    "text.png": "expected a picture, received text",
    "empty.png": "expected a picture, received an empty file",
    "cut.jpg": "expected a whole JPEG, received one that is damaged or cut off",
    "dot.png": "expected at least 4 x 4 pixels, received 1 x 1",
    "none.png": "expected a whole PNG",
    "bomb.png": "expected at most 100,000,000 pixels, received 900,000,000",
    "dangling.png": "expected a file, received a link to nothing",
    "loop.png": "Too many levels of symbolic links",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, on_paper):
    """Pictures, good and bad."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, number in ODD_NAMES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        on_paper(number).save(folder / name, "PNG")
    on_paper("007", "314").save(folder / "form.png")
    on_paper("7").save(
        folder / "moving.gif", save_all=True, append_images=[on_paper("1")]
    )
    Image.new("L", (200, 100), 230).save(folder / "blank.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / "text.png").write_text("no picture")
    (folder / "empty.png").touch()
    whole = io.BytesIO()
    on_paper("123").save(whole, "JPEG")
    (folder / "cut.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (folder / "dot.png").write_bytes(png(1, 1))
    (folder / "none.png").write_bytes(png(0, 0))
    (folder / "bomb.png").write_bytes(png(30_000, 30_000))
    (folder / "dangling.png").symlink_to(folder / "nothing")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "round").symlink_to(folder)
    return folder


@pytest.fixture(scope="module")
def done(exported, folder):
    """The run that reads them."""
    done = exported.kedro(*READ, f"pictures={folder}")
    assert done.returncode == 0, done.stderr
    return done


def newest_tables(exported):
    """The bytes of the newest tables, by name."""
    return {
        name: exported.newest(f"07_model_output/{name}.csv").read_bytes()
        for name in ("readings", "digits")
    }


def rows(table):
    """The lines of a CSV file, as Python's own reader has them."""
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


@pytest.fixture(scope="module")
def tables(done, exported):
    """The tables of ``done``; later tests write newer ones."""
    return newest_tables(exported)


@pytest.fixture(scope="module")
def readings(tables):
    return rows(tables["readings"])


@pytest.fixture(scope="module")
def digits(tables):
    return rows(tables["digits"])


def of(table, picture):
    return [row for row in table if row["picture"] == picture]


def test_every_picture_has_its_rows_whatever_its_name(readings):
    assert list(readings[0]) == [
        *("picture", "line", "number", "confidence", "accepted", "reason")
    ]
    names = [CELLS.get(name, name) for name in ODD_NAMES]
    others = ["form.png", "moving.gif", "blank.png", *NOT_READABLE]
    assert {row["picture"] for row in readings} == {*names, *others}
    for name in {*names, *others} - {"form.png"}:
        assert len(of(readings, name)) == 1


def test_the_numbers_are_those_that_were_written(readings):
    found = {row["picture"]: row["number"] for row in readings}
    right = sum(
        found[CELLS.get(name, name)] == number for name, number in ODD_NAMES.items()
    )
    assert right >= len(ODD_NAMES) - 1
    assert len({found["north/same.png"], found["south/same.png"]}) == 2
    assert found["moving.gif"] == "7"


def test_each_line_is_a_row_and_leading_zeros_stay(readings, digits, exported):
    assert [row["line"] for row in of(readings, "form.png")] == ["0", "1"]
    first, second = (row["number"] for row in of(readings, "form.png"))
    assert (first, second) == ("007", "314")
    boxes = of(digits, "form.png")
    assert [(row["line"], row["position"]) for row in boxes] == [
        *(("0", "0"), ("0", "1"), ("0", "2"), ("1", "0"), ("1", "1"), ("1", "2"))
    ]
    assert "".join(row["digit"] for row in boxes) == first + second
    for row in boxes:
        x, y, width, height = (int(row[side]) for side in ("x", "y", "width", "height"))
        assert 30 + 40 * int(row["position"]) <= x
        assert x + width <= 60 + 40 * int(row["position"])
        assert 20 + 70 * int(row["line"]) <= y
        assert y + height <= 50 + 70 * int(row["line"])


def test_columns_have_their_types(readings, digits):
    for row in readings:
        assert row["accepted"] in ("true", "false")
        assert (row["accepted"] == "true") == (row["reason"] == "")
        assert 0 <= float(row["confidence"]) <= 1
    assert {row["accepted"] for row in readings} == {"true", "false"}
    assert list(digits[0]) == [
        *("picture", "line", "position", "digit", "confidence"),
        *("x", "y", "width", "height"),
    ]
    for row in digits:
        assert len(row["digit"]) == 1
        assert 0 <= float(row["confidence"]) <= 1


def test_a_picture_without_digits_says_why_it_has_no_number(readings, digits):
    (row,) = of(readings, "blank.png")
    assert (row["number"], row["accepted"]) == ("", "false")
    assert row["reason"] == "nothing written was found"
    assert of(digits, "blank.png") == []


@pytest.mark.parametrize("name", NOT_READABLE)
def test_what_cannot_be_read_has_its_row_with_the_reason(readings, name):
    (row,) = of(readings, name)
    assert (row["number"], row["confidence"], row["accepted"]) == ("", "0.0", "false")
    assert NOT_READABLE[name] in row["reason"]


def test_the_summary_counts_numbers_and_says_what_cannot_be_guaranteed(done, readings):
    pictures = {row["picture"] for row in readings}
    numbers = [row for row in readings if row["number"]]
    accepted = sum(row["accepted"] == "true" for row in numbers)
    assert (
        f"\n{len(pictures)} pictures: {len(numbers)} numbers read, "
        f"{accepted} accepted, {len(numbers) - accepted} set aside for a person; "
        f"{len(NOT_READABLE)} pictures not readable; 1 other file skipped.\n"
        "This model's validation part "
        "cannot guarantee max_error 0.0015: the smallest possible, "
    ) in done.stdout
    assert "trained on the 5,000-image sample, not on MNIST.\n" in done.stdout


def test_the_newest_table_lies_beside_the_versions_and_is_named(done, exported):
    newest = exported.newest("07_model_output/readings.csv")
    copy = newest.parents[2] / "newest_readings.csv"
    assert copy.read_bytes() == newest.read_bytes()
    (line,) = [s for s in done.stdout.splitlines() if s.startswith("  table ")]
    assert line.endswith("newest_readings.csv")


def test_the_summary_is_kept_with_what_it_is_of(done, exported):
    path = exported.newest("08_reporting/reading_summary.json")
    summary = json.loads(path.read_text())
    expected = {
        "not_readable": len(NOT_READABLE),
        "max_error": 0.0015,
        "certain": False,
        "model_version": exported.versions("06_models/model.keras")[-1],
        "recipe": "standard",
        "dataset": "mnist-sample",
    }
    assert expected.items() <= summary.items()
    assert f"the smallest possible, {summary['certain_max_error']:g}," in done.stdout


def test_annotated_pictures_and_sheets_are_kept_in_the_run_s_version(done, exported):
    version = exported.versions("07_model_output/readings.csv")[-1]
    folder = exported.newest("08_reporting/annotated_pictures")
    assert folder.parent.name == version
    found = PictureFolderDataset(filepath=str(folder)).load()
    assert len([name for name in found if name.startswith("sheets/")]) == 1
    assert {
        *("pictures/form.png.jpg", "pictures/blank.png.jpg"),
        *("pictures/north/same.png.jpg", "pictures/south/same.png.jpg"),
        *("pictures/文字/数.png.jpg", "pictures/new_line.png.jpg"),
    } <= set(found)
    shown = len(ODD_NAMES) + len(("form.png", "moving.gif", "blank.png"))
    assert len(found) == shown + 1
    assert found["pictures/form.png.jpg"]().width == MIN_SIDE


def test_the_catalog_loads_the_tables_as_they_were_meant(done, exported):
    readings, digits = exported.load("readings", "digits")
    numbers = readings.query('picture == "form.png"')["number"]
    assert numbers.tolist() == ["007", "314"]
    kinds = readings.dtypes.astype(str).tolist()
    assert kinds == ["str", "int64", "str", "float64", "bool", "str"]
    assert not readings.isna().any(axis=None)
    assert str(digits["picture"].dtype) == "str"


def test_one_file_is_read_from_where_the_command_was_given_without_tensorflow(
    exported, on_paper
):
    (exported.folder / "scans").mkdir(exist_ok=True)
    on_paper("42").save(exported.folder / "scans" / "two.png")
    code = (
        "import sys\n"
        "from kedro.framework.cli.cli import main\n"
        f"sys.argv = ['kedro', *{READ!r}, 'pictures=two.png']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    print(end.code, {'tensorflow', 'keras', 'onnx', 'tf2onnx'}"
        " & set(sys.modules), 'onnxruntime' in sys.modules)\n"
    )
    done = exported.python("-c", code, within="scans")
    *_, modules = done.stdout.splitlines()
    assert "\n1 picture: 1 number read, " in done.stdout, done.stderr
    assert modules == "0 set() True"
    (row,) = rows(newest_tables(exported)["readings"])
    assert (row["picture"], row["number"]) == ("two.png", "42")


def refused(project, *arguments):
    before = sorted(project.folder.glob("data/0[78]*/*/*"))
    done = project.kedro(*arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    (message,) = [m for m in done.stderr.splitlines() if m.startswith("Error: ")]
    assert sorted(project.folder.glob("data/0[78]*/*/*")) == before
    return message


def test_a_missing_or_empty_folder_is_answered_with_the_way_to_pictures(
    exported, tmp_path
):
    message = refused(exported, *READ, f"pictures={tmp_path}/nowhere")
    assert f"at {tmp_path}/nowhere, received: No such file or directory" in message
    assert message.endswith("kedro run --pipelines read --params pictures=FOLDER")
    message = refused(exported, *READ, f"pictures={tmp_path}")
    assert f"in {tmp_path}, received an empty folder; put pictures into" in message
    message = refused(exported, *READ[:-1])
    assert "data/01_raw/pictures, received: No such file or directory" in message


def test_without_an_exported_model_the_way_to_one_is_named(project, folder):
    message = refused(project, *READ, f"pictures={folder}")
    assert "expected model_onnx, received none yet; `kedro run` makes" in message


def test_an_error_that_can_be_had_is_promised_for_digits_like_mnist_s(
    exported, on_paper, tmp_path
):
    on_paper("12").save(tmp_path / "1.png")
    params = f"pictures={tmp_path},read.max_error=0.2"
    done = exported.kedro("run", "--pipeline", "read", "--params", params)
    assert done.returncode == 0, done.stderr
    assert (
        "\nAt most 0.2 of the accepted digits are wrong, with 95 % certainty, if they "
        "are like MNIST's"
    ) in done.stdout
    found = pd.DataFrame(rows(newest_tables(exported)["readings"]))
    assert found["picture"].tolist() == ["1.png"]


def test_a_cluster_of_this_machine_gives_the_same_tables(tables, exported, folder):
    parameters = f"pictures={folder},read.scheduler=local,read.partition_size=5"
    on_cluster = exported.kedro(*READ, parameters)
    assert on_cluster.returncode == 0, on_cluster.stderr
    assert newest_tables(exported) == tables
    (parts,) = (exported.folder / "data/07_model_output/reading_partitions").iterdir()
    assert f"The rows are in {parts} as Parquet files.\n" in on_cluster.stdout
    drawn = exported.newest("08_reporting/annotated_pictures")
    assert (drawn / "part-0000000" / "sheets" / "0001.jpg").exists()


def test_a_run_without_a_scheduler_ends_with_one_sentence(
    exported, folder, monkeypatch
):
    monkeypatch.setattr("digit_recognition.cluster.connection.CONNECT_SECONDS", 1)
    parameters = f"pictures={folder},read.scheduler=tcp://127.0.0.1:1"
    before = exported.versions("07_model_output/readings.csv")
    done = exported.kedro(*READ, parameters)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: expected a Dask scheduler at tcp://127.0.0.1:1, found none; start one "
        "with `dask scheduler`, or leave the parameter out to use this machine"
    ]
    assert exported.versions("07_model_output/readings.csv") == before
