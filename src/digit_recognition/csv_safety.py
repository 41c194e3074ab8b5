"""Make text safe for tables that people open in a spreadsheet."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(text: str) -> str:
    r"""Return text that a spreadsheet does not execute as a formula.

    Text that may be a formula gets an apostrophe in front. Bytes of a file name that
    are not valid text become escapes such as \udcff, so that UTF-8 can encode the
    text. Carriage returns would end a row, so they become escapes too. See
    https://owasp.org/www-community/attacks/CSV_Injection.

    >>> escape_cell("=1+1.png")
    "'=1+1.png"
    """
    text = text.encode(errors="backslashreplace").decode()
    guard = "'" if text.lstrip("'").startswith(FORMULA_STARTS) else ""
    return guard + text.replace("\r", r"\r")
