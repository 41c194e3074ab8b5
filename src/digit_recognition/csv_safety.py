"""Tables that a person may open in a spreadsheet."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(text: str) -> str:
    r"""The text as UTF-8 can hold it, an apostrophe before what would be a formula.

    Bytes of a file name that are no text, and carriage returns, which would end a row,
    become escapes such as \udcff. See
    https://owasp.org/www-community/attacks/CSV_Injection.
    """
    text = text.encode(errors="backslashreplace").decode()
    guard = "'" if text.lstrip("'").startswith(FORMULA_STARTS) else ""
    return guard + text.replace("\r", r"\r")
