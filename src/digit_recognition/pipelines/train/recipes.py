"""Recipes: which network is trained, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import (
    INPUT_SHAPE,
    Classifier,
    average_shifts,
    build_cnn,
    build_columns,
    initial_seeds,
    join_columns,
)
from digit_recognition.parameters import (
    Parameters,
    RecipeName,
    resolve_bases,
    unknown_recipe,
)
from digit_recognition.runtime import Precision

from .augmentation import Augmentation
from .written_digits import Handwriting

Count = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]


class Network(Parameters):
    """The network of a recipe: one CNN, or several CNNs side by side.

    ``columns`` is the number of CNNs. ``filters`` lists the number of filters of each
    convolution, stage by stage: ``[[32, 32], [64]]`` has two convolutions in the first
    stage and one in the second. A 2x2 max pooling ends each stage. ``kernel_size`` is
    the side of the kernels in pixels. ``dense_units`` is the size of the hidden dense
    layer.
    """

    columns: Count = 1
    filters: Annotated[
        list[Annotated[list[Count], Field(min_length=1)]], Field(min_length=1)
    ]
    kernel_size: Count
    dense_units: Count

    @model_validator(mode="after")
    def _require_pixels(self) -> Network:
        side = INPUT_SHAPE[0]
        for stage in self.filters:
            side = (side - len(stage) * (self.kernel_size - 1)) // 2
            if side < 1:
                raise ValueError(
                    f"{self.filters} with a kernel of {self.kernel_size} pixels and a "
                    "2x2 pooling after each stage leave nothing of "
                    f"{INPUT_SHAPE[0]} pixels: take fewer or smaller convolutions"
                )
        return self

    def build(self, dtype: str, seed: int | None = None) -> Classifier:
        """Build the network for training, with Keras' dtype policy ``dtype``.

        ``seed`` determines the initial weights. Without ``seed``, they are random.
        """
        options = self.model_dump(exclude={"columns"}) | {"dtype": dtype}
        if seed is not None:
            options["seeds"] = initial_seeds(seed)
        if self.columns == 1:
            return build_cnn(**options)
        return build_columns(self.columns, **options)


class Recipe(Parameters):
    """How a model is trained, apart from the data and the seed.

    - ``schedule``: how the learning rate changes. ``cosine`` raises it linearly during
      the first steps, then lowers it to 0 along a cosine. ``warmup`` is the number of
      these first steps, as a fraction of all steps.
    - ``adam_lr_ratio``: Adam's learning rate, divided by Muon's learning rate. With the
      optimizer ``muon``, Muon trains the kernel of the hidden dense layer, and Adam
      trains all other weights. Other optimizers do not use ``adam_lr_ratio``.
    - ``weight_decay``: at each step, ``weight_decay * learning_rate * weight`` is also
      subtracted from each weight (Loshchilov and Hutter 2019, "Decoupled weight decay
      regularization"). With the optimizer ``muon``, it must be 0.
    - ``test_time_shift``: if it is not 0, the trained network averages the logits of
      five views: the image, and the image shifted by this number of pixels up, down,
      left and right.
    """

    network: Network
    optimizer: Literal["adam", "muon"]
    learning_rate: PositiveFloat
    adam_lr_ratio: PositiveFloat = 1.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    schedule: Literal["constant", "cosine"]
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    augmentation: Augmentation | None = None
    handwriting: Handwriting | None = None
    batch_size: Count
    epochs: Count
    precision: Precision = "auto"
    test_time_shift: Annotated[int, Field(ge=0, le=4)] = 0

    def finish(self, trained: Classifier) -> Classifier:
        """Build the float32 classifier from the trained network's weights.

        If the network has several columns (CNNs side by side), they are joined into one
        classifier. If ``test_time_shift`` is not 0, the classifier averages the logits
        of the image and of four shifted copies.
        """
        model = self.network.build("float32")
        model.set_weights(trained.get_weights())
        if self.network.columns > 1:
            model = join_columns(model)
        if self.test_time_shift:
            model = average_shifts(model, self.test_time_shift)
        return model

    @model_validator(mode="after")
    def _refuse_unused_values(self) -> Recipe:
        if self.warmup and self.schedule == "constant":
            raise ValueError(
                f"warmup: expected 0 with a constant schedule, received {self.warmup}; "
                "take schedule cosine"
            )
        if self.adam_lr_ratio != 1 and self.optimizer != "muon":
            raise ValueError(
                f"adam_lr_ratio: expected 1 with {self.optimizer}, received "
                f"{self.adam_lr_ratio}; only the optimizer muon uses it"
            )
        if self.weight_decay and self.optimizer != "adam":
            raise ValueError(
                f"weight_decay: expected 0 with {self.optimizer}, received "
                f"{self.weight_decay}; only the optimizer adam uses it"
            )
        return self


class TrainParameters(Parameters):
    """The recipes, and the settings that all of them share.

    ``validation_fraction`` is the fraction of the training images kept for validation.
    With ``deterministic``, the same seed gives the same weights bit for bit. With
    ``resume``, a stopped training continues after its last complete epoch.

    A recipe with ``base: NAME`` inherits the values of the recipe NAME, and can replace
    some of them.
    """

    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    deterministic: bool
    resume: bool
    recipes: dict[str, Recipe]

    @model_validator(mode="before")
    @classmethod
    def _resolve_bases(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("recipes"), dict):
            values = {**values, "recipes": resolve_bases(values["recipes"])}
        return values

    def recipe(self, name: RecipeName) -> Recipe:
        """Return the recipe called ``name``; raise ProjectError if there is none."""
        if name.root not in self.recipes:
            raise ProjectError(unknown_recipe(name.root, self.recipes))
        return self.recipes[name.root]
