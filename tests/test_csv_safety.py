import pytest

from digit_recognition.csv_safety import escape_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "'="])
def test_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(start):
    assert escape_cell(f"{start}1+1.png") == f"'{start}1+1.png"


@pytest.mark.parametrize("text", ["", "a=1.png", "007", "sept.png", "七.png"])
def test_other_text_stays_as_it_is(text):
    assert escape_cell(text) == text


def test_bytes_that_are_no_text_become_escapes():
    assert escape_cell("caf\udce9.png") == "caf\\udce9.png"


def test_a_carriage_return_ends_no_row():
    assert escape_cell("\ra\rb.png") == r"'\ra\rb.png"
