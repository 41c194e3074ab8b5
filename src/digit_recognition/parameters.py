"""Typed parameters: what every pipeline's model shares, and the top-level two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from kedro.validation import ModelInstantiationError
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

Fraction = Annotated[float, Field(ge=0, le=1)]


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


def resolve_bases(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Complete each entry by the entry that its key ``base`` names.

    Nested mappings are merged key by key; any other value replaces that of the base.
    The key ``base`` is left out of the result. Raises ValueError for a base that does
    not exist, and for entries that name each other in a circle.

    >>> resolve_bases({"a": {"x": 1, "y": 2}, "b": {"base": "a", "y": 3}})["b"]
    {'x': 1, 'y': 3}
    """

    def resolve(name: str, path: tuple[str, ...] = ()) -> Any:
        entry = entries[name]
        if not isinstance(entry, Mapping) or entry.get("base") is None:
            return entry
        base, path = entry["base"], (*path, name)
        others = [other for other in entries if other not in path]
        if base not in others:
            raise ValueError(
                f"recipes.{name}.base: expected the name of another recipe "
                f"({', '.join(others)}), received {base!r}"
            )
        own = {key: value for key, value in entry.items() if key != "base"}
        return _merge(resolve(base, path), own)

    return {name: resolve(name) for name in entries}


def _merge(base: Any, own: Any) -> Any:
    if not isinstance(base, Mapping) or not isinstance(own, Mapping):
        return own
    shared = {key: _merge(base[key], own[key]) for key in base.keys() & own.keys()}
    return {**base, **own, **shared}


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
