"""Log the exported model with a run on MLflow, and register it on request."""

from __future__ import annotations

import io
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from digit_recognition.models.onnx_sessions import open_session
from digit_recognition.recognition.model_checks import parse_validation, read_metadata
from digit_recognition.recognition.read_parameters import RULE

from .tracked_run import VERSION, TrackedRun

NAME = "reader"
CHAMPION = "champion"
"""The alias of the best registered version of the model (see ``register_model``)."""

ERROR, DATA = "validation_error", "dataset_digest"
"""The tags of a registered version that hold its validation error (ERROR) and the
digest of its data (DATA). They decide whether the version becomes the champion."""

PACKAGE = Path(__file__).parents[1]
CODE = ("__init__.py", "errors.py", "datasets", "imaging", "models", "recognition")
"""The files and folders of this package that are needed to read pictures."""

PACKAGES = (
    *("mlflow", "lazy-loader", "numpy", "onnxruntime", "pandas", "pillow", "pydantic"),
    *("scikit-image", "scipy"),
)
"""The Python packages that are needed to read pictures. An MLflow model lists them with
their versions."""


def describe_model(model_onnx: bytes) -> dict[str, str]:
    """Return tags that describe an exported model, from the model's metadata.

    ``model_onnx`` holds the bytes of the ONNX file. The tag ``validation_error`` is the
    fraction (0..1) of validation digits that the model classified wrongly. These digits
    were put on synthetic pages and read from them. Digits that were not found on a page
    are not counted.
    """
    metadata = read_metadata(open_session(model_onnx))
    names = ("recipe", "seed", "dataset", DATA, "model_digest", "model_version")
    return {
        ERROR: repr(float(parse_validation(metadata).wrong.mean())),
        **{name: metadata[name] for name in names if name in metadata},
    }


def log_model(
    run: TrackedRun, model_onnx: Path, version: str, rule: dict[str, float]
) -> tuple[str, dict[str, str]]:
    """Log the exported model with a run; return the model's id on MLflow and its tags.

    ``version`` is the version of the run's results. ``rule`` holds parameters of the
    pipeline `read`. Only those that RULE lists are saved with the model. They determine
    which digits are accepted.
    """
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus
    from mlflow.models import Model

    client = run.connection.client
    tags = {VERSION: version, **describe_model(model_onnx.read_bytes())}
    model = client.create_logged_model(
        run.connection.experiment_id, NAME, run.run_id, tags
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        save_model(
            path,
            model_onnx,
            rule,
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                run_id=run.run_id,
                model_id=model.model_id,
            ),
        )
        client.log_model_artifacts(model.model_id, str(path))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run.run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model.model_id, tags


def save_model(
    path: Path, model_onnx: Path, rule: dict[str, float], **options: Any
) -> None:
    """Save the exported model as an MLflow model in the folder ``path``.

    The folder includes a copy of the code that is needed to read pictures.
    ``log_model`` describes ``rule``. ``options`` are passed to
    ``mlflow.pyfunc.save_model``.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    from .picture_model import COLUMNS

    types = (
        *(DataType.long, DataType.long, DataType.string),
        *(DataType.double, DataType.boolean, DataType.string),
    )
    signature = ModelSignature(
        Schema([ColSpec(DataType.binary, "picture")]),
        Schema([ColSpec(*column) for column in zip(types, COLUMNS, strict=True)]),
    )
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder, PACKAGE.name)
        code.mkdir()
        for part in CODE:
            if (source := PACKAGE / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, code / part, ignore=ignored)
            else:
                shutil.copy(source, code / part)
        mlflow.pyfunc.save_model(
            str(path),
            python_model=str(Path(__file__).with_name("picture_model.py")),
            artifacts={"model_onnx": str(model_onnx)},
            code_paths=[str(code)],
            model_config={name: rule[name] for name in RULE if name in rule},
            signature=signature,
            input_example=pd.DataFrame({"picture": [example_picture()]}),
            pip_requirements=[f"{name}=={version(name)}" for name in PACKAGES],
            **options,
        )


def example_picture() -> bytes:
    """Return a PNG file that shows the number 640, printed dark on light."""
    picture = Image.new("L", (120, 60), 255)
    font = ImageFont.load_default(40)
    ImageDraw.Draw(picture).text((60, 30), "640", 0, font, "mm")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def register_model(
    run: TrackedRun, name: str, model_id: str, tags: dict[str, str]
) -> str:
    """Register a logged model under ``name``, and return a phrase about the outcome.

    An example of the phrase is "registered as digit_recognition, version 2; it is the
    champion". ``model_id`` and ``tags`` are the results of ``log_model``.

    The alias "champion" marks the best version. The new version becomes the champion if
    there is no champion yet. It also becomes the champion if it was trained on the same
    data as the champion and has a lower validation error. Validation errors on
    different data are not comparable.
    """
    from mlflow import MlflowException

    client = run.connection.client
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    # A server finds the model by its id. Without a server, MLflow would look for the id
    # in a different database, so the model's location is given.
    location = client.get_logged_model(model_id).artifact_location
    source = f"models:/{model_id}" if run.connection.is_server else location
    new = client.create_model_version(
        name, source, run.run_id, tags, model_id=model_id, await_creation_for=30
    )
    registered = f"registered as {name}, version {new.version}"
    aliases = client.get_registered_model(name).aliases
    if CHAMPION in aliases:
        champion = client.get_model_version(name, aliases[CHAMPION])
        about = f"the champion is still version {champion.version}"
        if champion.tags.get(DATA) != tags.get(DATA):
            return f"{registered}; {about}, which was trained on other data"
        if float(tags[ERROR]) >= float(champion.tags[ERROR]):
            return f"{registered}; {about}, whose validation error is not higher"
    client.set_registered_model_alias(name, CHAMPION, new.version)
    return f"{registered}; it is the {CHAMPION}"
