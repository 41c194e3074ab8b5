"""The answer to a drawing, as HTML: the number, and whether it is accepted."""

from __future__ import annotations

from html import escape

import numpy as np

from digit_recognition.recognition.lines import Digit, Line

from .markup import bars, field_picture, percent

INVITATION = '<p class="invitation">The answer appears here.</p>'

LEGEND = "What the network saw, and the probability of each digit"

ACCEPTED = "Accepted"
NOT_SURE = "Not sure"


def answer(lines: list[Line], probabilities: np.ndarray) -> str:
    """Return HTML that shows the number in each line, and a card for each digit.

    A card shows the digit's pixels, and how probable each of the digits 0 to 9 is.
    ``probabilities`` is float (n, 10), with one row for each digit of the lines.
    """
    digits = [digit for line in lines for digit in line.digits]
    cards = "".join(
        _card(digit, row) for digit, row in zip(digits, probabilities, strict=True)
    )
    headlines = "".join(map(_headline, lines))
    return f'{headlines}<p class="legend">{LEGEND}</p><div class="cards">{cards}</div>'


def no_answer(reason: str) -> str:
    """Return HTML that says why no number was read."""
    return (
        f'<div class="headline review"><p class="number">?</p>'
        f'<p class="verdict"><b>{NOT_SURE}</b> {escape(reason)}</p></div>'
    )


def _headline(line: Line) -> str:
    kind, verdict = ("review", NOT_SURE) if line.reason else ("accepted", ACCEPTED)
    explanation = line.reason or f"{percent(line.confidence)} confidence"
    return (
        f'<div class="headline {kind}"><p class="number">{line.number}</p>'
        f'<p class="verdict"><b>{verdict}</b> {escape(explanation)}</p></div>'
    )


def _card(digit: Digit, probabilities: np.ndarray) -> str:
    field = field_picture(
        digit.mark.field, f"The 28 by 28 pixels that the network read as {digit.digit}"
    )
    doubt = f'<p class="doubt">{escape(digit.doubt)}</p>' if digit.doubt else ""
    return (
        f'<article class="card"><div class="seen"><p class="digit">{digit.digit}</p>'
        f"{field}</div>{bars(probabilities)}{doubt}</article>"
    )
