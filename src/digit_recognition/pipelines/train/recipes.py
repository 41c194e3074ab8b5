"""What a recipe is: the network, how it learns and for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from digit_recognition.errors import ProjectError
from digit_recognition.networks import INPUT_SHAPE
from digit_recognition.parameters import Parameters, RecipeName

Count = Annotated[int, Field(ge=1)]


class Network(Parameters):
    """The convolutions' filters and kernel size (pixels), the dense layer's units."""

    filters: Annotated[list[Count], Field(min_length=1)]
    kernel_size: Count
    dense_units: Count

    @model_validator(mode="after")
    def _leave_pixels(self) -> Network:
        side = INPUT_SHAPE[0]
        for _ in self.filters:
            side = (side - self.kernel_size + 1) // 2
        if side < 1:
            raise ValueError(
                f"{len(self.filters)} convolutions of {self.kernel_size} pixels, each "
                f"with a 2x2 pooling, leave nothing of {INPUT_SHAPE[0]} pixels: take "
                "fewer or smaller ones"
            )
        return self


class Recipe(Parameters):
    """How a model is trained; everything but the data and the seed."""

    network: Network
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
    schedule: Literal["constant", "cosine"]
    batch_size: Count
    epochs: Count


class TrainParameters(Parameters):
    """The share of the training images kept for validation, and all the recipes."""

    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    recipes: dict[str, Recipe]

    def recipe(self, name: RecipeName) -> Recipe:
        """The recipe of that name; ProjectError that lists the names otherwise."""
        if name.root not in self.recipes:
            known = ", ".join(self.recipes)
            raise ProjectError(
                f"recipe: expected one of {known}, received {name.root!r}; name one "
                "of these, or add yours to train.recipes in conf/"
            )
        return self.recipes[name.root]
