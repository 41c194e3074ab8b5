"""Judge the marks of a line together.

A mark is an object on a page that may be a digit. A mark in a line of digits is more
likely to be a digit than a mark on its own. So a digit that is alone in its line needs
a higher confidence. In longer lines, some doubtful marks are accepted because they
resemble the accepted digits of the line.

The detector tells digits from non-digits. A number is in doubt if one of its digits is
in doubt. Suppose that the detector judged each digit on its own and accepted 97 % of
them. Then it would accept all digits of only 78 % of the eight-digit numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digit_recognition.recognition.acceptance import AcceptanceRule, confidence_by_line
from digit_recognition.recognition.lines import NO_DIGIT, Digit, Line

SIZES = (0.6, 1.6)
PENS = (0.5, 2.0)
"""Ranges in which the height (SIZES) and the stroke width (PENS) of a doubtful mark
must be. The unit of each range is the median of the accepted digits in the mark's
line."""


def accept_by_line(line: Line, rule: AcceptanceRule) -> Line:
    """Judge some of a line's marks (possible digits) again, and return the line.

    If a line consists of one accepted digit, the digit stays accepted only if its
    confidence is above ``rule.min_confidence_alone``. A 1 must also have a detector
    logit of at least ``rule.lone_one_threshold``. In a longer line, a mark that was
    taken for a non-digit is judged again if all of these hold:

    - It passes as a digit in ``AcceptanceRule.are_digits``, which takes into account
      the detector's outputs for all marks of the line.
    - Its height and stroke width are similar to those of the line's accepted digits
      (see SIZES, PENS).
    - The darkness of its ink varies no more than in strokes of a pen.

    The function ``confidence_by_line`` lowers the confidence of such a mark. The mark
    is accepted if the lowered confidence is above ``rule.min_confidence``.
    """
    sure = [digit for digit in line.digits if not digit.doubt]
    if len(sure) == len(line.digits) == 1:
        (digit,) = sure
        doubt = doubt_confidence(digit.confidence, rule.min_confidence_alone)
        if digit.digit == 1 and digit.digit_logit < rule.lone_one_threshold:
            doubt = NO_DIGIT
        return replace(line, digits=[replace(digit, doubt=doubt)])
    if not sure or len(sure) == len(line.digits):
        return line
    passes = rule.are_digits(np.array([digit.digit_logit for digit in line.digits]))
    height = np.median([digit.mark.height for digit in sure])
    pen = np.median([digit.mark.stroke for digit in sure])

    def is_similar(digit: Digit) -> bool:
        ratios = digit.mark.height / height, digit.mark.stroke / pen
        limits = SIZES, PENS
        return all(
            low <= ratio <= high
            for ratio, (low, high) in zip(ratios, limits, strict=True)
        )

    digits = [
        replace(digit, doubt=_doubt_by_line(digit.confidence, rule))
        if digit.doubt == NO_DIGIT
        and is_digit
        and not digit.mark.unwritten
        and is_similar(digit)
        else digit
        for digit, is_digit in zip(line.digits, passes, strict=True)
    ]
    return replace(line, digits=digits)


def doubt_confidence(confidence: float, min_confidence: float) -> str:
    """Return why a digit with this confidence is in doubt, or "" if it is accepted."""
    return "" if confidence > min_confidence else f"unsure ({confidence:.1%})"


def _doubt_by_line(confidence: float, rule: AcceptanceRule) -> str:
    doubt = doubt_confidence(confidence, rule.min_confidence)
    if doubt or confidence_by_line(confidence) > rule.min_confidence:
        return doubt
    return NO_DIGIT
