"""Nodes that follow one image through a trained model."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets import Pictures
from digit_recognition.datasets.csv_safety import escape_name
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import verify_record
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.imaging.segmentation import TooManyMarks, find_digits
from digit_recognition.models.cnn import Classifier
from digit_recognition.parameters import Parameters

from .layers import Stage, attribute, first_filters, layers_of, trace


class ExplainParameters(Parameters):
    """The image to explain: a test image by its index, or a digit of a picture.

    ``image`` is the index of the test image. ``picture`` is the path of a picture to
    use instead, or null. ``digit`` is the position of the digit in the picture, counted
    from 0 in reading order. Touching digits count as one digit.
    """

    image: Annotated[int, Field(ge=0)]
    picture: str | None
    digit: Annotated[int, Field(ge=0)]


class Chosen(NamedTuple):
    """The chosen image, float32 (28, 28, 1) in 0..1, and a text that describes it."""

    image: np.ndarray
    description: str


class Journey(NamedTuple):
    """What a model computes for one image.

    - ``chosen``: the image.
    - ``stages``: the output of each layer, as ``trace`` returns it.
    - ``filters``: the filters of the first convolution, float32 (n, rows, columns).
    - ``attributions``: maps each of the two most probable digits to an array, float32
      (28, 28), with the contribution of each pixel to the digit's logit.
    - ``record``: the record of the model's training, and the version of the model.
    """

    chosen: Chosen
    stages: list[Stage]
    filters: np.ndarray
    attributions: dict[int, np.ndarray]
    record: dict[str, Any]


def choose_image(
    x_test: np.ndarray,
    y_test: np.ndarray,
    explained_picture: Pictures,
    parameters: ExplainParameters,
) -> Chosen:
    """Return a test image, or a digit of a picture converted to the same format.

    ``x_test`` is float32 (n, 28, 28, 1) in 0..1; ``y_test`` is one-hot (n, 10).
    ``explained_picture`` must contain one picture if ``parameters.picture`` is set.

    Raises ProjectError if the test image or the digit does not exist. Also raises
    ProjectError if ``explained_picture`` contains several pictures or an unreadable
    picture.
    """
    if parameters.picture is not None:
        return _from_picture(explained_picture, parameters.digit)
    if parameters.image >= len(x_test):
        raise ProjectError(
            f"expected explain.image from 0 to {len(x_test) - 1}, received "
            f"{parameters.image}; choose another test image with "
            "--params explain.image="
        )
    label = y_test[parameters.image].argmax()
    return Chosen(x_test[parameters.image], f"test image {parameters.image}, a {label}")


def _from_picture(pictures: Pictures, digit: int) -> Chosen:
    if len(pictures) != 1:
        raise ProjectError(
            f"expected one picture in explain.picture, received a folder of "
            f"{len(pictures)} pictures; give the path of one of them"
        )
    (picture,) = pictures
    name = escape_name(picture.name)
    marks: list[Mark] = []
    try:
        for page in decode(picture.source):
            marks += [mark for line in find_digits(page.grey) for mark in line]
    except (UnreadablePicture, TooManyMarks) as error:
        raise ProjectError(
            f"expected a picture of digits, received {name}: {error}; "
            "choose another with --params explain.picture="
        ) from error
    if digit >= len(marks):
        raise ProjectError(
            f"expected digit {digit} (from 0) in {name}, found {len(marks)}; "
            "choose another with --params explain.digit=, or another picture"
        )
    description = f"digit {digit + 1} of {len(marks)} in {name}"
    return Chosen(marks[digit].field[..., None], description)


def follow_image(
    model: Classifier,
    chosen_image: Chosen,
    training: dict[str, Any],
    lineage: dict[str, Any],
) -> Journey:
    """Compute the layers' outputs and the pixels' contributions for the chosen image.

    A contribution is the effect of one pixel on the logit of a digit. Contributions are
    computed for the two most probable digits. ``training`` is the record of the model's
    training. Raises ProjectError if ``training`` is the record of another model.
    """
    verify_record(model, training)
    stages = trace(model, chosen_image.image)
    most_probable = [int(digit) for digit in stages[-1].output.argsort()[:-3:-1]]
    return Journey(
        chosen_image,
        stages,
        first_filters(model),
        attribute(model, chosen_image.image, most_probable),
        {
            **training,
            "dataset": f"trained on {training['dataset']}",
            "model_version": lineage["versions"]["model"],
        },
    )


def tabulate_layers(model: Classifier) -> pd.DataFrame:
    """Return a table with a row for each layer and a last row with the totals.

    Columns: layer (its name), kind, output_shape (such as 26x26x32), parameters, passes
    and multiplications. The class ``Layer`` explains these columns.
    """
    table = pd.DataFrame(
        [
            {
                "layer": layer.name,
                "kind": layer.kind,
                "output_shape": "x".join(map(str, layer.shape)),
                "parameters": layer.parameters,
                "passes": layer.passes,
                "multiplications": layer.multiplications,
            }
            for layer in layers_of(model)
        ]
    )
    total = {
        "layer": "total",
        "kind": type(model).__name__,
        "output_shape": str(NUM_CLASSES),
        "parameters": table["parameters"].sum(),
        "passes": 1,
        "multiplications": table["multiplications"].sum(),
    }
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)
