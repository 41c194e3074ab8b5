import json

import numpy as np
import pandas as pd
import pytest
from app.readings import VERSION, save_readings
from PIL import Image

from digit_recognition.app.reading.newest_readings import load_newest_readings
from digit_recognition.plotting.page_drawing import REVIEW_COLOUR


@pytest.fixture
def annotated(tmp_path):
    return save_readings(tmp_path, tmp_path / "pictures", 3)


@pytest.fixture
def change(tmp_path, annotated):
    """Return a function that changes cells of the first row of the readings."""

    def change_row(**cells):
        name = "readings.csv"
        path = tmp_path / "data" / "07_model_output" / name / VERSION / name
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column, value in cells.items():
            table.loc[0, column] = value
        table.to_csv(path, index=False)

    return change_row


def test_a_number_is_cut_out_of_its_picture(tmp_path, annotated):
    newest = load_newest_readings(tmp_path)
    assert newest.to_check() == [0, 1, 2]
    shown = np.asarray(newest.show(1))
    assert shown.shape == (20 + 2 * 12, 20 + 4 * 12, 3)
    is_ink = (shown == 0).all(axis=2)
    assert is_ink.sum() == 400
    is_frame = (shown == REVIEW_COLOUR).all(axis=2)
    rows, columns = np.nonzero(is_frame)
    assert (rows.min(), rows.max()) == (12 - 3, 12 + 20 + 2)
    assert (columns.min(), columns.max()) == (24 - 3, 24 + 20 + 2)
    assert is_frame.sum() == 4 * (26 - 1)


def test_accepted_numbers_are_not_checked(tmp_path, change):
    change(accepted="true")
    assert load_newest_readings(tmp_path).to_check() == [1, 2]


def test_a_row_without_a_number_is_checked_while_its_picture_exists(tmp_path, change):
    change(number="")
    newest = load_newest_readings(tmp_path)
    assert newest.to_check() == [0, 1, 2]
    (tmp_path / "pictures" / "0.png").unlink()
    assert newest.to_check() == [1, 2]


def test_if_the_picture_is_gone_the_annotated_page_is_shown(tmp_path, annotated):
    (tmp_path / "pictures" / "0.png").unlink()
    newest = load_newest_readings(tmp_path)
    assert newest.show(0) is None
    Image.new("RGB", (60, 40)).save(annotated / "pictures" / "0.png.jpg")
    assert newest.show(0).size == (60, 40)


@pytest.mark.parametrize("name", ["../secret.png", "/secret.png"])
def test_a_table_cannot_lead_out_of_the_folder(tmp_path, change, name):
    Image.new("L", (60, 40)).save(tmp_path / "secret.png")
    change(picture=name)
    assert load_newest_readings(tmp_path).show(0) is None


def test_a_number_on_a_later_page_is_cut_out_of_that_page(tmp_path, change):
    pages = [Image.new("L", (300, 200), level) for level in (255, 90)]
    file = tmp_path / "pictures" / "scan.tif"
    pages[0].save(file, save_all=True, append_images=pages[1:])
    change(picture="scan.tif")
    name = "reading_summary.json"
    path = tmp_path / "data" / "08_reporting" / name / VERSION / name
    summary = json.loads(path.read_text()) | {"pages": {"scan.tif": [1]}}
    path.write_text(json.dumps(summary))
    assert np.asarray(load_newest_readings(tmp_path).show(0)).max() == 90


def test_without_a_whole_run_there_are_no_readings(tmp_path):
    assert load_newest_readings(tmp_path) is None
    save_readings(tmp_path, tmp_path / "pictures", 1)
    for path in tmp_path.glob("data/*/digits.csv/*/digits.csv"):
        path.unlink()
    assert load_newest_readings(tmp_path) is None
