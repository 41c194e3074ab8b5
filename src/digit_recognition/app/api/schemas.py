"""The API's response models, from which FastAPI makes the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from digit_recognition.recognition import lines

from ..reading.picture_reading import PageReading, PictureReading, box_of
from ..reading.service import Service
from .problems import Problem

CONFIDENCE = Field(ge=0, le=1, description="Estimated probability of being right.")
REASON = Field(description="Why a person should check it; empty if it is accepted.")


class Box(BaseModel):
    """A rectangle, in pixels of the picture."""

    x: int
    y: int
    width: int
    height: int


class Digit(BaseModel):
    """One digit of a line."""

    digit: int = Field(ge=0, le=9)
    confidence: float = CONFIDENCE
    accepted: bool
    reason: str = REASON
    box: Box


class Line(BaseModel):
    """One line of digits, from left to right."""

    number: str = Field(description="The digits as text, which keeps leading zeros.")
    confidence: float = CONFIDENCE
    accepted: bool
    reason: str = REASON
    page: int = Field(ge=0, description="The page of a TIFF; 0 for other pictures.")
    digits: list[Digit]


class Reading(BaseModel):
    """What was read on one picture."""

    lines: list[Line] = Field(description="From top to bottom, page by page.")
    reasons: list[str] = Field(description="Why pages have no lines.")
    model_version: str


class BatchEntry(BaseModel):
    """The result for one of several pictures: a reading or a problem."""

    position: int = Field(ge=0, description="The picture's place in the request.")
    picture: str = Field(description="The picture's file name, as it was sent.")
    reading: Reading | None
    problem: Problem | None


class Health(BaseModel):
    """The status of the server, and the version of its model."""

    status: str
    model_version: str


class Limits(BaseModel):
    """Limits on one picture, and on a batch of pictures in one request."""

    max_bytes: int
    max_pixels: int
    max_seconds: float
    max_pictures: int
    max_batch_bytes: int


class Thresholds(BaseModel):
    """Thresholds that decide which digits are accepted without a check by a person."""

    confidence: float = Field(
        description="The confidence of a single digit must be above this."
    )
    number_confidence: float = Field(
        description="In longer numbers, each digit's confidence must be above this."
    )
    digit_logit: float = Field(description="The detector's minimum logit of a digit.")
    max_error: float = Field(
        description="The requested error of accepted single digits."
    )
    certainty: float = Field(description="The probability that the error holds.")
    is_guaranteed: bool = Field(description="Whether validation supports max_error.")


class Model(BaseModel):
    """The model in use."""

    metadata: dict[str, str] = Field(description="Version, recipe, data set, seed …")
    metrics: dict[str, Any] = Field(description="Test metrics; empty if not measured.")
    thresholds: Thresholds
    limits: Limits


def to_reading(reading: PictureReading, model_version: str) -> Reading:
    """Convert a reading into the response model Reading."""
    return Reading(
        lines=[
            _to_line(line, page, number)
            for number, page in enumerate(reading.pages)
            for line in page.lines
        ],
        reasons=reading.reasons,
        model_version=model_version,
    )


def _to_line(line: lines.Line, page: PageReading, number: int) -> Line:
    return Line(
        number=line.number,
        confidence=line.confidence,
        accepted=not line.reason,
        reason=line.reason,
        page=number,
        digits=[_to_digit(digit, page.scale) for digit in line.digits],
    )


def _to_digit(digit: lines.Digit, scale: int) -> Digit:
    x, y, width, height = box_of(digit, scale)
    return Digit(
        digit=digit.digit,
        confidence=digit.confidence,
        accepted=not digit.doubt,
        reason=digit.doubt,
        box=Box(x=x, y=y, width=width, height=height),
    )


def to_model(service: Service, limits: Limits) -> Model:
    """Return the API's description of the model that the service uses."""
    rule, parameters = service.reader.rule, service.parameters
    return Model(
        metadata=service.metadata,
        metrics=service.report().metrics,
        thresholds=Thresholds(
            confidence=rule.min_confidence_alone,
            number_confidence=rule.min_confidence,
            digit_logit=rule.digit_threshold,
            max_error=parameters.max_error,
            certainty=parameters.certainty,
            is_guaranteed=rule.threshold.guarantees(parameters.max_error),
        ),
        limits=limits,
    )
