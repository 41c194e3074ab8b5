import io
import re

import pandas as pd
from openpyxl import load_workbook

from digit_recognition.app.page.tables import (
    downloads,
    table,
    to_csv,
    to_csv_with_decimal_commas,
    to_xlsx,
)
from digit_recognition.recognition.reading_tables import READING_COLUMNS


def row(**changes):
    values = ("Überweisung.png", 0, "0071", 0.9731, "false", "digit 2: unsure (98.7%)")
    return dict(zip(READING_COLUMNS, values, strict=True)) | changes


ROWS = [row(), row(picture="a;b,c.png", number="", confidence=0.0, accepted="true")]
AS_TEXT = {"dtype": {"number": str}, "keep_default_na": False}


def test_a_csv_file_has_the_rows_in_the_columns_of_read():
    data = to_csv(ROWS)
    assert data.splitlines()[0].decode() == ",".join(READING_COLUMNS)
    found = pd.read_csv(io.BytesIO(data), **AS_TEXT)
    assert found["confidence"].tolist() == [0.9731, 0.0]
    assert found["number"].tolist() == ["0071", ""]
    assert found["picture"].tolist() == ["Überweisung.png", "a;b,c.png"]


def test_a_german_spreadsheet_finds_the_same_numbers():
    data = to_csv_with_decimal_commas(ROWS)
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"0,9731" in data
    found = pd.read_csv(io.BytesIO(data), sep=";", decimal=",", **AS_TEXT)
    expected = pd.read_csv(io.BytesIO(to_csv(ROWS)), **AS_TEXT)
    pd.testing.assert_frame_equal(found, expected)


def test_an_xlsx_file_keeps_leading_zeros_and_has_the_confidence_as_a_number():
    sheet = load_workbook(io.BytesIO(to_xlsx(ROWS))).active
    header, first, _ = sheet.iter_rows(values_only=True)
    assert header == READING_COLUMNS
    assert first == tuple(ROWS[0].values())


def test_a_formula_or_a_control_character_does_no_harm_in_xlsx():
    rows = [row(picture="=1+1", reason="a\x07b")]
    sheet = load_workbook(io.BytesIO(to_xlsx(rows))).active
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert sheet["F2"].value == "a b"


def test_names_of_files_are_shown_and_not_run():
    html = table([row(picture="<img src=x onerror=alert(1)>")], ["picture-1"])
    assert "<img" not in html
    assert '<a href="#picture-1">&lt;img src=x onerror=alert(1)&gt;</a>' in html


def test_the_table_can_be_downloaded_in_three_forms():
    names = re.findall(r'download="([^"]+)"', downloads(ROWS, "readings"))
    assert names == ["readings.csv", "readings_decimal_comma.csv", "readings.xlsx"]
