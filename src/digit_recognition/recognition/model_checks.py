"""Check that the reader can use an ONNX model.

Each check raises ProjectError with a one-sentence message if it fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, FiniteFloat, Json, TypeAdapter, ValidationError

from digit_recognition import IMAGE_SIZE, NUM_CLASSES
from digit_recognition.errors import ProjectError
from digit_recognition.recognition.acceptance import ValidationResults
from digit_recognition.recognition.calibration import TEMPERATURES

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INPUTS = {"image": (IMAGE_SIZE, IMAGE_SIZE, 1)}
OUTPUTS = {"logits": (NUM_CLASSES,), "digit_logit": (1,)}
"""The inputs (INPUTS) and outputs (OUTPUTS) that the model must have. Each name is
mapped to the shape for one image."""

FLOAT32 = "tensor(float)"
REQUIRED_METADATA = ("temperature", "validation", "model_version", "recipe", "dataset")
MAX_QUOTED = 40
"""Maximum number of characters that an error message quotes from a wrong value."""

HINT = "export it again with `kedro run --pipelines export`"


class _Validation(BaseModel):
    confidence: list[Annotated[FiniteFloat, Field(ge=0, le=1)]] = Field(min_length=1)
    wrong: list[bool]
    digit_logit: list[FiniteFloat]
    number: list[int] | None = None


_temperature: TypeAdapter[float] = TypeAdapter(
    Annotated[FiniteFloat, Field(ge=TEMPERATURES[0], le=TEMPERATURES[1])]
)
_validation: TypeAdapter[_Validation] = TypeAdapter(Json[_Validation])


def check_tensors(session: InferenceSession) -> None:
    """Check that the model maps float32 images to float32 logits, for any batch size.

    The only input must be ``image`` (n, 28, 28, 1). The outputs must include ``logits``
    (n, 10) and ``digit_logit`` (n, 1). The batch size n must be dynamic, which means
    that the file does not fix it. Each other size must be dynamic or as given above.
    Raises ProjectError otherwise.
    """
    inputs = {tensor.name: tensor for tensor in session.get_inputs()}
    outputs = {tensor.name: tensor for tensor in session.get_outputs()}
    if inputs.keys() != INPUTS.keys() or OUTPUTS.keys() - outputs.keys():
        raise ProjectError(
            f"expected the input {', '.join(INPUTS)} and the outputs "
            f"{', '.join(OUTPUTS)} in model_onnx, received the input "
            f"{', '.join(inputs) or 'none'} and the outputs {', '.join(outputs)}; "
            f"{HINT}"
        )
    for name, sizes in {**INPUTS, **OUTPUTS}.items():
        tensor = inputs.get(name) or outputs[name]
        if tensor.type != FLOAT32 or not _fits(tensor.shape, sizes):
            expected = ", ".join(["n", *map(str, sizes)])
            received = ", ".join(map(str, tensor.shape))
            raise ProjectError(
                f"expected {name} of model_onnx to be {FLOAT32} ({expected}), received "
                f"{tensor.type} ({received}); {HINT}"
            )


def _fits(shape: list[int | str | None], sizes: tuple[int, ...]) -> bool:
    """Return whether a tensor's shape fits (n, *sizes).

    The first size in ``shape`` must be dynamic: None or a name. Each other size must be
    dynamic or equal to the expected size.
    """
    return len(shape) == 1 + len(sizes) and all(
        not isinstance(received, int) or received == expected
        for received, expected in zip(shape, (None, *sizes), strict=True)
    )


def read_metadata(session: InferenceSession) -> dict[str, str]:
    """Return the model's metadata.

    Raises ProjectError if the metadata are not UTF-8, or if an entry of
    REQUIRED_METADATA is missing.
    """
    try:
        metadata = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"expected text in the metadata of model_onnx, received bytes that are not "
            f"UTF-8 ({error.reason}); {HINT}"
        ) from error
    if missing := [name for name in REQUIRED_METADATA if name not in metadata]:
        raise ProjectError(
            f"expected {', '.join(missing)} in the metadata of model_onnx, received "
            f"none; {HINT}"
        )
    return metadata


def parse_temperature(metadata: dict[str, str]) -> float:
    """Return the temperature for the calibration from the model's metadata.

    Raises ProjectError if it is not a number in the range TEMPERATURES.
    """
    return _parse(_temperature, metadata, "temperature")


def parse_validation(metadata: dict[str, str]) -> ValidationResults:
    """Return the validation results from the model's metadata.

    Raises ProjectError if the results are not valid JSON, or if the lists in them are
    empty or differ in length.
    """
    parsed = _parse(_validation, metadata, "validation")
    lists = parsed.model_dump(exclude_none=True)
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ProjectError(
            "expected lists of the same length in `validation` of model_onnx's "
            f"metadata, received {lengths}; {HINT}"
        )
    return ValidationResults.from_lists(**lists)


def _parse(adapter: TypeAdapter[Any], metadata: dict[str, str], name: str) -> Any:
    try:
        return adapter.validate_python(metadata[name])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, (name, *first["loc"])))
        text = repr(first["input"])
        received = text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
        raise ProjectError(
            f"expected readable metadata in model_onnx, received {place} {received} "
            f"({first['msg']}); {HINT}"
        ) from error
