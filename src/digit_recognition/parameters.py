"""Check the types of parameters, and complete recipes that are based on others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from kedro.validation import ModelInstantiationError
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

Fraction = Annotated[float, Field(ge=0, le=1)]


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


def resolve_bases(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries, each completed with the values of its base, if it has one.

    ``entries`` maps names of recipes to their parameters. An entry may have a key
    ``base``, which names another entry. This key is removed from the result. Nested
    mappings are merged key by key. Any other value replaces the value of the base.

    Raises ValueError if a base does not exist or if the bases form a cycle.

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


def unknown_recipe(name: str, recipes: Iterable[str]) -> str:
    """Return the error message for a recipe that does not exist."""
    return (
        f"recipe: expected one of {', '.join(recipes)}, received {name!r}; name one of "
        "these, or add yours to train.recipes in conf/"
    )


def _merge(base: Any, own: Any) -> Any:
    if not isinstance(base, Mapping) or not isinstance(own, Mapping):
        return own
    shared = {key: _merge(base[key], own[key]) for key in base.keys() & own.keys()}
    return {**base, **own, **shared}


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
