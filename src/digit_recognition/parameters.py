"""Typed parameters: the base class of all models, the recipe's name and the seed."""

from __future__ import annotations

from typing import Annotated, Any, Self

from kedro.validation import ModelInstantiationError
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError


class Parameters(BaseModel):
    """A pydantic model that refuses unknown fields and does not convert types.

    Kedro calls ``model_validate`` before the run starts.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return the validated parameters.

        Raises ModelInstantiationError with one sentence for each wrong field.
        """
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise ModelInstantiationError(_describe(error)) from error


class RecipeName(Parameters, RootModel[str]):
    """The name of a recipe in ``train.recipes``."""

    model_config = ConfigDict(extra=None, strict=True, frozen=True)


class Seed(Parameters, RootModel[Annotated[int, Field(ge=0, lt=2**32)]]):
    """The random seed of a run, an integer in 0..4294967295."""

    model_config = ConfigDict(extra=None, strict=True, frozen=True)


def _describe(error: ValidationError) -> str:
    sentences = []
    for detail in error.errors():
        field = ".".join(str(part) for part in detail["loc"] if part != "root")
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
        sentences.append(f"{field}: {sentence}" if field else sentence)
    return "; ".join(sentences) + "; correct it in conf/ or in --params"
