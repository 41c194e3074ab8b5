import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_recognition.datasets.csv_safety import (
    escape_cell,
    escape_message,
    escape_name,
    unescape_cell,
)

UNPRINTABLE = ["\x00", "\x1b[2J", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f"]


@pytest.mark.parametrize("start", [*"=+-@＝＋－＠", "'="])  # noqa: RUF001 (full width)
def test_possible_formulas_get_an_apostrophe(start):
    assert escape_cell(f"{start}1+1.png") == f"'{start}1+1.png"


@pytest.mark.parametrize(("start", "escape"), ["\tt", "\rr", "\nn"])
def test_space_that_a_spreadsheet_skips_is_guarded_and_escaped(start, escape):
    assert escape_cell(f"{start}=1") == f"'\\{escape}=1"


@pytest.mark.parametrize("text", ["", "a=1.png", "007", "sept.png", "七.png", "👩‍🔬"])
def test_other_text_is_unchanged(text):
    assert escape_cell(text) == escape_name(text) == escape_message(text) == text


def test_invalid_bytes_become_escapes():
    assert escape_cell("caf\udce9.png") == "caf\\udce9.png"


@pytest.mark.parametrize("text", UNPRINTABLE)
@pytest.mark.parametrize("escape", [escape_cell, escape_name, escape_message])
def test_characters_that_change_a_terminal_become_escapes(escape, text):
    assert escape(text) == text[0].encode("unicode_escape").decode() + text[1:]


def test_a_message_keeps_its_lines_and_a_name_has_one():
    assert escape_message("a\n\tb\\c") == "a\n\tb\\c"
    assert escape_name("a\n\tb\\c") == r"a\n\tb\\c"


@given(st.text(st.sampled_from("\\'=＝+-\n\r\tnrx1bu202e\x1b\x85\u202e\udcffa")))  # noqa: RUF001 (full width)
def test_the_original_text_can_be_recovered(text):
    assert unescape_cell(escape_cell(text)) == text
