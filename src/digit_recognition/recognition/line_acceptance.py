"""Judge the marks of a line together: a single digit must be more confident.

A doubtful mark is accepted if the confident digits in its line have its size and pen.

A mark is an object on a page that may be a digit. A mark in a line of digits is more
likely to be a digit than a mark on its own. If each digit of a number were
judged alone, a detector that keeps 97 % of the digits would put 22 % of the eight-digit
numbers in doubt.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digit_recognition.imaging.ink import stroke_width
from digit_recognition.recognition.acceptance import AcceptanceRule, confidence_by_line
from digit_recognition.recognition.lines import NO_DIGIT, Digit, Line

SIZES = (0.6, 1.6)
PENS = (0.5, 2.0)
"""Range of a mark's height and stroke width, relative to the medians of the confident
digits in its line."""


def accept_by_line(line: Line, rule: AcceptanceRule) -> Line:
    """Return the line after some of its marks are judged again.

    The only digit of a line must have a confidence above ``rule.min_confidence_alone``.
    In a longer line, an apparent non-digit is judged again by ``confidence_by_line`` if
    it passes for a digit in its line (see ``AcceptanceRule.are_digits``), and if it has
    the size and pen of the line's accepted digits.
    """
    sure = [digit for digit in line.digits if not digit.doubt]
    if len(sure) == len(line.digits) == 1:
        (digit,) = sure
        doubt = doubt_confidence(digit.confidence, rule.min_confidence_alone)
        return replace(line, digits=[replace(digit, doubt=doubt)])
    if not sure or len(sure) == len(line.digits):
        return line
    passes = rule.are_digits(np.array([digit.digit_logit for digit in line.digits]))
    height = np.median([digit.mark.height for digit in sure])
    pen = np.median([_pen(digit) for digit in sure])

    def is_similar(digit: Digit) -> bool:
        ratios = digit.mark.height / height, _pen(digit) / pen
        limits = SIZES, PENS
        return all(
            low <= ratio <= high
            for ratio, (low, high) in zip(ratios, limits, strict=True)
        )

    digits = [
        replace(digit, doubt=_doubt_by_line(digit.confidence, rule))
        if digit.doubt == NO_DIGIT
        and is_digit
        and not digit.mark.uneven
        and is_similar(digit)
        else digit
        for digit, is_digit in zip(line.digits, passes, strict=True)
    ]
    return replace(line, digits=digits)


def doubt_confidence(confidence: float, min_confidence: float) -> str:
    """Return the doubt about a digit of this confidence; empty if there is none."""
    return "" if confidence > min_confidence else f"unsure ({confidence:.1%})"


def _doubt_by_line(confidence: float, rule: AcceptanceRule) -> str:
    doubt = doubt_confidence(confidence, rule.min_confidence)
    if doubt or confidence_by_line(confidence) > rule.min_confidence:
        return doubt
    return NO_DIGIT


def _pen(digit: Digit) -> float:
    return max(stroke_width(digit.mark.ink > 0.5), 1.0)  # noqa: PLR2004 (half of the ink)
