"""Nodes that follow one image through a trained model."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from digit_recognition import NUM_CLASSES
from digit_recognition.datasets import Pictures
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import verify_record
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.imaging.segmentation import Mark, TooManyMarks, find_digits
from digit_recognition.models.cnn import Classifier
from digit_recognition.parameters import Parameters

from .layers import Stage, attribute, first_filters, layers_of, trace


class ExplainParameters(Parameters):
    """Which image: the test image of that index, or a digit of a picture."""

    image: Annotated[int, Field(ge=0)]
    picture: str | None
    digit: Annotated[int, Field(ge=0)]


class Chosen(NamedTuple):
    """An image, float32 (28, 28, 1) in 0..1, and in words which one it is."""

    image: np.ndarray
    words: str


class Journey(NamedTuple):
    """What a model makes of one image, and how that came about.

    ``attributions`` tells for the answer and for the digit next to it by how much each
    pixel raised its score, float32 (28, 28). ``record`` says what model it is.
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
    """The image to follow: a test image, or a digit of a picture made into one.

    ``x_test`` is float32 (n, 28, 28, 1) in 0..1, ``y_test`` one-hot (n, 10). Raises
    ProjectError where there is no such image, picture or digit.
    """
    if parameters.picture is not None:
        return _from_picture(explained_picture, parameters.digit)
    if parameters.image >= len(x_test):
        raise ProjectError(
            f"expected explain.image from 0 to {len(x_test) - 1}, received "
            f"{parameters.image}; name another test image with --params explain.image="
        )
    label = y_test[parameters.image].argmax()
    return Chosen(x_test[parameters.image], f"test image {parameters.image}, a {label}")


def _from_picture(pictures: Pictures, digit: int) -> Chosen:
    if len(pictures) != 1:
        raise ProjectError(
            f"expected one picture in explain.picture, received a folder of "
            f"{len(pictures)}; name one of them"
        )
    (picture,) = pictures
    marks: list[Mark] = []
    try:
        for page in decode(picture.path):
            marks += [mark for line in find_digits(page.grey) for mark in line]
    except (UnreadablePicture, TooManyMarks) as error:
        raise ProjectError(
            f"expected a picture of digits, received {picture.name}: {error}; name "
            "another with --params explain.picture="
        ) from error
    if digit >= len(marks):
        raise ProjectError(
            f"expected digit {digit} (from 0) in {picture.name}, found {len(marks)}; "
            "name another with --params explain.digit=, or another picture"
        )
    words = f"digit {digit + 1} of {len(marks)} in {picture.name}"
    return Chosen(marks[digit].field[..., None], words)


def follow_image(
    model: Classifier,
    chosen_image: Chosen,
    training: dict[str, Any],
    lineage: dict[str, Any],
) -> Journey:
    """What each layer of the model makes of the image, and which pixels decided.

    Raises ProjectError where ``training`` is the record of another model.
    """
    verify_record(model, training)
    stages = trace(model, chosen_image.image)
    likeliest = [int(digit) for digit in stages[-1].output.argsort()[:-3:-1]]
    return Journey(
        chosen_image,
        stages,
        first_filters(model),
        attribute(model, chosen_image.image, likeliest),
        {
            **training,
            "dataset": f"trained on {training['dataset']}",
            "model_version": lineage["versions"]["model"],
        },
    )


def tabulate_layers(model: Classifier) -> pd.DataFrame:
    """A row for each layer: layer, kind, output_shape, parameters, and its work.

    ``output_shape`` is as 26x26x32; ``passes`` how often the layer works on one image,
    ``multiplications`` those of inputs by weights in all of them. The last row is
    their sum.
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
