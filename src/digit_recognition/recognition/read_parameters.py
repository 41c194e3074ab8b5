"""Define the parameters of the pipeline `read`, which reads pictures.

Some parameters determine the acceptance rule, which decides which digits are accepted.
The others determine the Dask cluster on which the pictures are read.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from digit_recognition.parameters import Parameters
from digit_recognition.recognition.acceptance import KEEP_DIGITS, MAX_NUMBER_ERROR
from digit_recognition.recognition.thresholds import CERTAINTY

RULE = ("max_error", "certainty", "keep_digits", "max_number_error")


def _check_scheduler(scheduler: str) -> str:
    if not re.fullmatch(r"local|(tcp|tls)://\S+:\d+", scheduler):
        raise ValueError(
            "expected local or an address such as tcp://HOST:8786, received "
            f"{scheduler!r}"
        )
    return scheduler


class ReadParameters(Parameters):
    """Parameters of the acceptance rule and of the cluster that reads pictures.

    - ``max_error``, ``certainty``, ``keep_digits``, ``max_number_error``: see
      ``find_acceptance_rule``.
    - ``scheduler``: where the pictures are read. None stands for this process,
      ``local`` for a new Dask cluster on this machine, and an address such as
      ``tcp://HOST:8786`` for a running Dask scheduler.
    - ``partition_size``: the number of pictures that one task of the cluster reads.
    """

    max_error: Annotated[float, Field(gt=0, lt=1)]
    certainty: Annotated[float, Field(gt=0, lt=1)] = CERTAINTY
    keep_digits: Annotated[float, Field(gt=0, le=1)] = KEEP_DIGITS
    max_number_error: Annotated[float, Field(gt=0, lt=1)] = MAX_NUMBER_ERROR
    scheduler: Annotated[str, AfterValidator(_check_scheduler)] | None = None
    partition_size: Annotated[int, Field(ge=1, le=1_000_000)] = 500

    def rule(self) -> dict[str, float]:
        """Return those parameters that are arguments of ``find_acceptance_rule``."""
        return {name: getattr(self, name) for name in RULE}
