"""Make untrusted text safe for spreadsheets, logs and terminals."""

from __future__ import annotations

import re

FULL_WIDTH_STARTS = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # of = + - @
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", *FULL_WIDTH_STARTS)

UNPRINTABLE = (
    r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
)
"""Characters to escape, as the content of a character class of a regular expression.

They are control characters (C0, C1), line separators, characters that change the
writing direction, and surrogates. In Python, surrogates stand for bytes that are not
valid text.
"""

_UNPRINTABLE_IN_LINES = re.compile(rf"(?![\n\t])[{UNPRINTABLE}]")
_UNPRINTABLE_OR_BACKSLASH = re.compile(rf"[\\{UNPRINTABLE}]")
_ESCAPES = re.compile(r"\\(?:\\|[nrt]|x..|u....|U.{8})")


def escape_name(name: str) -> str:
    r"""Escape unprintable characters in a name, as in a Python string.

    Backslashes are doubled, so that different names stay different.

    >>> print(escape_name("a\x1b[2J.png"))
    a\x1b[2J.png
    """
    return _UNPRINTABLE_OR_BACKSLASH.sub(_escape, name)


def escape_message(message: str) -> str:
    """Escape unprintable characters in a message, except line feeds and tabs.

    Backslashes are not doubled.
    """
    return _UNPRINTABLE_IN_LINES.sub(_escape, message)


def escape_cell(text: str) -> str:
    """Escape text so that a spreadsheet does not execute it as a formula.

    If the text could be a formula, an apostrophe is put in front of it. Unprintable
    characters and backslashes are escaped as in `escape_name`. See
    https://owasp.org/www-community/attacks/CSV_Injection.

    >>> escape_cell("=1+1.png")
    "'=1+1.png"
    """
    guard = "'" if text.lstrip("'").startswith(FORMULA_STARTS) else ""
    return guard + escape_name(text)


def unescape_cell(cell: str) -> str:
    """Undo `escape_cell`, and return the original text.

    >>> unescape_cell("'=1+1.png")
    '=1+1.png'
    """
    text = _ESCAPES.sub(lambda found: found[0].encode().decode("unicode_escape"), cell)
    is_guarded = text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS)
    return text[1:] if is_guarded else text


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()
