"""What a recipe is: the network, how it learns and for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import (
    INPUT_SHAPE,
    Classifier,
    average_shifts,
    build_cnn,
    build_columns,
    join_columns,
)
from digit_recognition.parameters import Parameters, RecipeName
from digit_recognition.runtime import Precision

from .augmentation import Augmentation

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Network(Parameters):
    """What ``digit_recognition.models.cnn`` builds: ``columns`` CNNs side by side.

    ``filters`` of each convolution, stage by stage, each stage ended by a 2x2 max
    pooling; ``kernel_size`` in pixels; ``padding`` that keeps the size (same) or not;
    whether each pooling is followed by a batch normalization; the share of values that
    ``dropout`` leaves out before and after the dense layer.
    """

    columns: Count = 1
    filters: Annotated[
        list[Annotated[list[Count], Field(min_length=1)]], Field(min_length=1)
    ]
    kernel_size: Count
    padding: Literal["valid", "same"] = "valid"
    batch_normalization: bool = False
    dense_units: Count
    dropout: Share = 0.0

    @model_validator(mode="after")
    def _leave_pixels(self) -> Network:
        side = INPUT_SHAPE[0]
        for stage in self.filters:
            if self.padding == "valid":
                side -= len(stage) * (self.kernel_size - 1)
            side //= 2
            if side < 1:
                raise ValueError(
                    f"{self.filters} with {self.kernel_size} pixels and a 2x2 pooling "
                    f"after each stage leave nothing of {INPUT_SHAPE[0]} pixels: take "
                    "fewer or smaller convolutions, or padding same"
                )
        return self

    def build(self, dtype: str) -> Classifier:
        """The network to be trained, in Keras' dtype policy of that name."""
        options = self.model_dump(exclude={"columns"})
        if self.columns == 1:
            return build_cnn(**options, dtype=dtype)
        return build_columns(self.columns, **options, dtype=dtype)


class Recipe(Parameters):
    """How a model is trained; everything but the data and the seed.

    The learning rate is constant, or rises evenly from 0 over the ``warmup`` share of
    all steps and falls on a cosine to 0. ``adam_lr_ratio`` is of muon alone: it takes
    that share of the learning rate for what it leaves to Adam, all but the hidden dense
    layer. ``gpu_batch_size`` is the batch size where TensorFlow sees a GPU, or null.
    With a ``test_time_shift`` (pixels) the trained network answers by the mean of what
    it makes of the image as it is and shifted to each side.
    """

    network: Network
    optimizer: Literal["adam", "adamw", "muon", "nadam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
    adam_lr_ratio: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 1.0
    weight_decay: Share = 0.0
    schedule: Literal["constant", "cosine"]
    warmup: Share = 0.0
    augmentation: Augmentation | None = None
    batch_size: Count
    gpu_batch_size: Count | None = None
    epochs: Count
    precision: Precision = "auto"
    test_time_shift: Annotated[int, Field(ge=0, le=4)] = 0

    def finish(self, trained: Classifier) -> Classifier:
        """The network that answers: float32, columns joined, looking at shifted images.

        Its weights are copied from ``trained``, whose precision its layers keep.
        """
        model = self.network.build("float32")
        model.set_weights(trained.get_weights())
        if self.network.columns > 1:
            model = join_columns(model)
        if self.test_time_shift:
            model = average_shifts(model, self.test_time_shift)
        return model

    @model_validator(mode="after")
    def _agree(self) -> Recipe:
        if self.warmup and self.schedule == "constant":
            raise ValueError(
                f"warmup: expected 0 with a constant schedule, received {self.warmup}; "
                "take schedule cosine"
            )
        if self.adam_lr_ratio != 1 and self.optimizer != "muon":
            raise ValueError(
                f"adam_lr_ratio: expected 1 with {self.optimizer}, received "
                f"{self.adam_lr_ratio}; it is of optimizer muon alone"
            )
        return self


class TrainParameters(Parameters):
    """What all recipes share, and the recipes.

    ``validation_fraction`` is the share of the training images kept for validation;
    ``deterministic`` whether the same seed gives the same weights to the last bit;
    ``resume`` whether a training that was stopped goes on from its last whole epoch.
    """

    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    deterministic: bool
    resume: bool
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
