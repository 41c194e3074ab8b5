import pytest

from digit_recognition.csv_safety import escape_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "'="])
def test_possible_formulas_get_an_apostrophe(start):
    assert escape_cell(f"{start}1+1.png") == f"'{start}1+1.png"


@pytest.mark.parametrize("text", ["", "a=1.png", "007", "sept.png", "七.png"])
def test_other_text_is_unchanged(text):
    assert escape_cell(text) == text


def test_invalid_bytes_become_escapes():
    assert escape_cell("caf\udce9.png") == "caf\\udce9.png"


def test_carriage_returns_become_escapes():
    assert escape_cell("\ra\rb.png") == r"'\ra\rb.png"
