"""The acceptance rule: which digits are accepted, and which a person should check.

The rule is computed when pictures are read, from what the exported model records of
its validation part. It can change without training or exporting again.
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
"""The default fraction of validation digits that the detector has to keep."""

CLEAR_NON_DIGITS = 0.002
"""The fraction of validation digits below the logit of clear non-digits."""


class ValidationResults(NamedTuple):
    """The results of model and detector on each validation image; arrays (n,).

    ``confidence`` is the calibrated confidence (float64, 0..1), ``wrong`` whether the
    predicted digit is wrong (bool), ``digit_logit`` the detector's logit (float32).
    """

    confidence: np.ndarray
    wrong: np.ndarray
    digit_logit: np.ndarray

    def to_json(self) -> str:
        """Return the results as JSON, without loss."""
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

    The confidence must be above ``threshold.threshold``, the logit at least
    ``digit_threshold``. A mark whose logit is below ``non_digit_threshold`` is clearly
    no digit. ``certainty`` is the confidence level of the error bound from which
    ``threshold`` was derived.
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

    The detector's threshold is the highest that keeps the fraction ``keep_digits`` of
    the validation digits. Validation digits below it count as not accepted.
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
