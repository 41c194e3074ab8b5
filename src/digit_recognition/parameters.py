"""Typed parameters: what every pipeline's model shares, and the top-level two."""

from __future__ import annotations

from typing import Annotated, Any, Self

from kedro.validation import ModelInstantiationError
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError


class Parameters(BaseModel):
    """A pydantic model that takes no unknown field and converts no type.

    Kedro calls ``model_validate`` before anything runs; what it raises says in one
    sentence a field what was expected, what was received and what to do.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """The parameters, or ModelInstantiationError with the fields to correct."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise ModelInstantiationError(_explain(error)) from error


class RecipeName(Parameters, RootModel[str]):
    """The name of a recipe in ``train.recipes``."""

    model_config = ConfigDict(extra=None, strict=True, frozen=True)


class Seed(Parameters, RootModel[Annotated[int, Field(ge=0, lt=2**32)]]):
    """The seed of a run, an integer in 0..4294967295."""

    model_config = ConfigDict(extra=None, strict=True, frozen=True)


def _explain(error: ValidationError) -> str:
    sentences = []
    for detail in error.errors():
        place = ".".join(str(part) for part in detail["loc"] if part != "root")
        message = detail["msg"].replace("Input should be", "expected")
        match detail["type"]:
            case "extra_forbidden":
                sentence = "expected no such parameter"
            case "missing":
                sentence = "expected a value, received none"
            case "value_error":
                sentence = message.removeprefix("Value error, ")
            case _:
                sentence = f"{message}, received {detail['input']!r}"
        sentences.append(f"{place}: {sentence}" if place else sentence)
    return "; ".join(sentences) + "; correct it in conf/ or in --params"
