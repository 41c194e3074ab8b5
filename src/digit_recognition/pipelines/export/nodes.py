"""The node that exports the model to ONNX and checks the result against Keras."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.digests import weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import (
    EvaluateParameters,
    verify_record,
    verify_test_arrays,
)
from digit_recognition.models.cnn import Classifier, without_softmax
from digit_recognition.models.onnx_export import (
    DIGIT_LOGIT,
    LOGITS,
    OUTPUTS,
    PROBABILITIES,
    ModelProto,
    OnnxModel,
    to_onnx,
)
from digit_recognition.recognition.acceptance import ValidationResults
from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    fit_temperature,
)
from digit_recognition.runtime import full_float32

TOLERANCES = {PROBABILITIES: 1e-4, LOGITS: 1e-3, DIGIT_LOGIT: 1e-3}
"""The largest relative difference that is allowed between ONNX and Keras, by output.

The relative difference is the largest absolute difference, divided by the largest
absolute value of the Keras output or by 1, whichever is greater.
"""

BATCH_SIZES = (1, 32, 1000)
DESCRIPTION = (
    "Reads one digit. `validation` in the metadata holds the confidence, the errors "
    "and the digit logits of validation digits read from made-up pages, from which a "
    "reader computes the thresholds for accepting a digit. They hold for digits like "
    "MNIST's on such pages, with outputs averaged over the image and its four shifts "
    "by one pixel."
)


def export_model(
    model: Classifier,
    training: dict[str, Any],
    detector: Classifier,
    detector_training: dict[str, Any],
    detector_predictions: pd.DataFrame,
    x_test: np.ndarray,
    y_test: np.ndarray,
    dataset_info: dict[str, Any],
    parameters: EvaluateParameters,
    lineage: dict[str, Any],
) -> tuple[dict[str, Any], ModelProto]:
    """Convert model and detector to ONNX, and compare the ONNX model with Keras.

    Returns a dict and the ONNX model. The dict has the result of ``compare_with_keras``
    on ``x_test``, and the origin of model and data. ``to_onnx`` describes the input and
    the outputs of the ONNX model. None of its outputs is scaled by the temperature.

    The ONNX model has metadata, which map keys to strings:

    - ``model_version``, ``model_digest``, ``recipe``, ``seed``, ``dataset`` and
      ``dataset_digest``: the origin of the model.
    - ``temperature``: the temperature, computed from ``detector_predictions``.
    - ``validation``: the ``ValidationResults`` as JSON, computed from
      ``detector_predictions``.
    - ``validation_images``: the number of rows of ``detector_predictions``.

    Raises ProjectError in these cases:

    - ``training``, ``detector_training`` or ``detector_predictions`` belongs to another
      model or detector.
    - ``detector_predictions`` lacks a column.
    - The test arrays and the training images belong to different datasets, and
      ``allow_other_data`` is false.
    - An output differs between ONNX and Keras by more than ``TOLERANCES`` allows, or a
      predicted digit differs.
    """
    test_data = verify_test_arrays(x_test, y_test, dataset_info, training, parameters)
    model_digest = verify_record(model, training)
    versions = lineage["versions"]
    _verify_predictions(versions)
    _verify_detector(detector, detector_training, model_digest)
    temperature, validation = _summarize(detector_predictions)
    origin = {
        "model_version": versions["model"],
        "model_digest": model_digest,
        "recipe": training["recipe"],
        "seed": training["seed"],
    }
    model_onnx = to_onnx(model, detector)
    _add_metadata(
        model_onnx,
        {
            **origin,
            "dataset": training["dataset"],
            "dataset_digest": training["dataset_digest"],
            "validation_images": len(detector_predictions),
            "temperature": temperature,
            "validation": validation.to_json(),
        },
    )
    export_check = {
        **compare_with_keras(model, detector, model_onnx, x_test),
        **test_data,
        "trained_on": training["dataset"],
        **origin,
        "temperature": temperature,
        "data_version": versions["x_test"],
        **{key: value for key, value in lineage.items() if key != "versions"},
    }
    return export_check, model_onnx


def compare_with_keras(
    model: Classifier, detector: Classifier, model_onnx: ModelProto, images: np.ndarray
) -> dict[str, Any]:
    """Return the largest differences between ONNX and Keras, and the speed of both.

    ``images`` is float32 (n, 28, 28, 1) in 0..1. The speed is in images per second. It
    is measured for batches of 1, 32 and 1000 images. The first call for each batch size
    is not timed. Keras is timed with its fastest method, ``predict_on_batch``.

    Raises ProjectError if an output differs between ONNX and Keras by more than
    ``TOLERANCES`` allows, or if a predicted digit differs.
    """
    onnx_model = OnnxModel(model_onnx)
    with full_float32():
        logits = without_softmax(model)
        expected = {
            PROBABILITIES: model.predict(images, batch_size=1000, verbose=0),
            LOGITS: logits.predict(images, batch_size=1000, verbose=0),
            DIGIT_LOGIT: detector.predict(images, batch_size=1000, verbose=0),
        }
    parts = np.split(images, range(1000, len(images), 1000))
    outputs = [onnx_model.predict(part, *OUTPUTS) for part in parts]
    received = dict(
        zip(OUTPUTS, map(np.concatenate, zip(*outputs, strict=True)), strict=True)
    )
    differences = {
        name: float(np.abs(received[name] - expected[name]).max()) for name in OUTPUTS
    }
    labels, expected_labels = (
        outputs[PROBABILITIES].argmax(axis=1) for outputs in (received, expected)
    )
    different = int((labels != expected_labels).sum())
    for name, tolerance in TOLERANCES.items():
        limit = tolerance * max(1.0, float(np.abs(expected[name]).max()))
        if not differences[name] <= limit or different:
            raise ProjectError(
                f"expected the ONNX model to compute what Keras computes, received "
                f"{name} up to {differences[name]:.2g} apart and {different} different "
                f"digits on {len(images)} test images; report it with the versions of "
                "tensorflow, tf2onnx and onnxruntime, and read with an older model_onnx"
            )
    check = {
        "largest_difference": differences[PROBABILITIES],
        "largest_logit_difference": differences[LOGITS],
        "largest_digit_logit_difference": differences[DIGIT_LOGIT],
        "different_answers": different,
        "test_images": len(images),
        "onnxruntime_version": onnx_model.onnxruntime_version,
    }

    def predict(batch: np.ndarray) -> list[np.ndarray]:
        return onnx_model.predict(batch, PROBABILITIES)

    for name, function in {"keras": model.predict_on_batch, "onnx": predict}.items():
        for size in BATCH_SIZES:
            batch = np.resize(images, (size, *images.shape[1:]))
            speed = _images_per_second(function, batch)
            check[f"{name}_images_per_second_{size}"] = speed
    return check


def _verify_predictions(versions: dict[str, str]) -> None:
    expected, received = versions["detector"], versions["detector_predictions"]
    if received != expected:
        raise ProjectError(
            f"expected detector_predictions of the detector's version {expected}, "
            f"received {received}; name both of one version with --load-versions, or "
            "neither"
        )


def _verify_detector(
    detector: Classifier, detector_training: dict[str, Any], model_digest: str
) -> None:
    expected = weights_digest(detector.get_weights()), model_digest
    received = detector_training["detector_digest"], detector_training["model_digest"]
    if received != expected:
        raise ProjectError(
            f"expected a detector of the model {model_digest[:12]}…, received one of "
            f"{received[1][:12]}…; train it with `kedro run --pipelines "
            "detector,export`, or name model and detector of one version with "
            "--load-versions"
        )


def _summarize(detector_predictions: pd.DataFrame) -> tuple[float, ValidationResults]:
    """Return the temperature, and the results on the validation digits.

    Raises ProjectError if ``detector_predictions`` lacks a column. Older versions of
    this project saved fewer columns.
    """
    names = [f"logit{digit}" for digit in range(NUM_CLASSES)]
    needed = [*names, "label", "digit_logit", "number"]
    if missing := [name for name in needed if name not in detector_predictions]:
        raise ProjectError(
            f"expected the columns {', '.join(missing)} in detector_predictions, which "
            "an earlier version of this project made without them; train the detector "
            "again with `kedro run --pipelines detector,export`"
        )
    logits = detector_predictions[names].to_numpy()
    labels = detector_predictions["label"].to_numpy()
    temperature = fit_temperature(logits, labels)
    return temperature, ValidationResults(
        calibrated_confidence(logits, temperature),
        logits.argmax(axis=1) != labels,
        detector_predictions["digit_logit"].to_numpy(np.float32),
        detector_predictions["number"].to_numpy(np.int64),
    )


def _add_metadata(model_onnx: ModelProto, metadata: dict[str, Any]) -> None:
    from onnx.helper import set_model_props

    model_onnx.doc_string = DESCRIPTION
    set_model_props(model_onnx, {key: str(value) for key, value in metadata.items()})


def _images_per_second(
    predict: Callable[[np.ndarray], Any], images: np.ndarray, seconds: float = 0.1
) -> float:
    predict(images)
    calls, started = 0, perf_counter()
    while (elapsed := perf_counter() - started) < seconds or not calls:
        predict(images)
        calls += 1
    return round(calls * len(images) / elapsed, 1)
