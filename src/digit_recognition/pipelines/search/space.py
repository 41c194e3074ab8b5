"""The search space: for each field of a recipe, the values a search can choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from digit_recognition.parameters import Parameters

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Interval(Parameters):
    """All numbers from ``low`` to ``high``, both included.

    The numbers are integers if both bounds are integers. With ``log``, they are sampled
    on a logarithmic scale.
    """

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _check_order(self) -> Interval:
        if self.low >= self.high or (self.log and self.low <= 0):
            positive = " above 0" if self.log else ""
            raise ValueError(
                f"expected bounds{positive} with low < high, received {self.low} and "
                f"{self.high}"
            )
        return self

    def distribution(self) -> BaseDistribution:
        """Return the interval as an Optuna distribution."""
        from optuna.distributions import FloatDistribution, IntDistribution

        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)


class Choices(Parameters):
    """A list of values; their order has no meaning."""

    choices: Annotated[list[bool | int | float | str | None], Field(min_length=1)]

    def distribution(self) -> BaseDistribution:
        """Return the choices as an Optuna distribution."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self.choices)
