"""The acceptance rule: which digits are accepted, and which a person should check.

The rule is computed when pictures are read, from the validation results that the
exported model stores. So the rule can change without another training or export. The
detector is the part of the model that tells digits from non-digits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from digit_recognition.recognition.thresholds import (
    CERTAINTY,
    Threshold,
    choose_threshold,
    find_thresholds,
)

KEEP_DIGITS = 0.97
"""The default fraction of validation digits that the detector must take for digits."""

CLEAR_NON_DIGITS = 0.002
"""The fraction of validation digits with a logit below ``non_digit_threshold``."""


class ValidationResults(NamedTuple):
    """The results of the model and its detector on n validation images.

    All fields are arrays (n,). ``confidence`` is the calibrated confidence (float64,
    0..1), ``wrong`` is True where the predicted digit is wrong, and ``digit_logit`` is
    the detector's logit (float32).
    """

    confidence: np.ndarray
    wrong: np.ndarray
    digit_logit: np.ndarray

    def to_json(self) -> str:
        """Return the results as JSON, without loss of precision."""
        return json.dumps(
            {name: array.tolist() for name, array in self._asdict().items()}
        )

    @classmethod
    def from_json(cls, text: str) -> ValidationResults:
        """Return the results that ``to_json`` wrote."""
        values = json.loads(text)
        return cls(
            np.array(values["confidence"], np.float64),
            np.array(values["wrong"], bool),
            np.array(values["digit_logit"], np.float32),
        )


@dataclass(frozen=True)
class AcceptanceRule:
    """A digit is accepted if both its confidence and its detector logit suffice.

    The confidence must be above ``threshold.threshold``, and the logit must be at least
    ``digit_threshold``. A mark (an object on a page that may be a digit) is clearly no
    digit if its logit is below ``non_digit_threshold``. ``certainty`` is the
    probability with which the error bound of ``threshold`` holds.
    """

    threshold: Threshold
    digit_threshold: float
    certainty: float = CERTAINTY
    non_digit_threshold: float = -np.inf


def find_acceptance_rule(
    validation: ValidationResults,
    max_error: float,
    certainty: float = CERTAINTY,
    keep_digits: float = KEEP_DIGITS,
) -> AcceptanceRule:
    """Return the rule with an error of at most ``max_error`` among accepted digits.

    If no threshold guarantees this error, the rule has the strictest one available.

    ``digit_threshold`` is a quantile of the detector's logits: at least the fraction
    ``keep_digits`` of the validation digits have this logit or a higher one. All other
    validation digits are treated as not accepted when the confidence threshold is
    chosen.
    """
    digit_logit = validation.digit_logit
    digit_threshold = np.quantile(digit_logit, 1 - keep_digits, method="lower")
    confidence = np.where(digit_logit >= digit_threshold, validation.confidence, 0)
    thresholds = find_thresholds(confidence, validation.wrong, certainty=certainty)
    chosen = choose_threshold(thresholds, max_error)
    non_digit_threshold = np.quantile(digit_logit, CLEAR_NON_DIGITS, method="lower")
    return AcceptanceRule(
        chosen, float(digit_threshold), certainty, float(non_digit_threshold)
    )
