"""The parameters of reading: the acceptance rule."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from digit_recognition.parameters import Parameters
from digit_recognition.recognition.acceptance import KEEP_DIGITS, MAX_NUMBER_ERROR
from digit_recognition.recognition.thresholds import CERTAINTY


class ReadParameters(Parameters):
    """The acceptance rule; the fields are those of ``find_acceptance_rule``."""

    max_error: Annotated[float, Field(gt=0, lt=1)]
    certainty: Annotated[float, Field(gt=0, lt=1)] = CERTAINTY
    keep_digits: Annotated[float, Field(gt=0, le=1)] = KEEP_DIGITS
    max_number_error: Annotated[float, Field(gt=0, lt=1)] = MAX_NUMBER_ERROR
