"""The node that makes an ONNX model of the trained one and holds both side by side."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from digit_recognition import NUM_CLASSES
from digit_recognition.digests import array_digest
from digit_recognition.errors import ProjectError
from digit_recognition.evaluation import verify_record
from digit_recognition.models.cnn import Classifier
from digit_recognition.models.detector import Detector, ExportParameters, train_detector
from digit_recognition.models.onnx_export import (
    DIGIT_LOGIT,
    IMAGE,
    LOGITS,
    PROBABILITIES,
    answers,
    to_onnx,
)
from digit_recognition.recognition.calibration import (
    calibrated_confidence,
    fit_temperature,
)
from digit_recognition.recognition.thresholds import dump_thresholds, find_thresholds
from digit_recognition.runtime import full_float32, make_deterministic

if TYPE_CHECKING:
    from onnx import ModelProto
else:
    ModelProto = Any  # Kedro resolves the node's type hints

LARGEST_DIFFERENCE = 1e-4
BATCHES = (1, 32, 1000)
WHAT_FOR = (
    "Reads one digit. The thresholds are for digits like MNIST's: of those accepted "
    "above one, at most the share max_error is wrong, with 95 % certainty; where that "
    "is null, nothing is certain."
)


def fit_detector(
    model: Classifier,
    x_train: np.ndarray,
    y_train: np.ndarray,
    training: dict[str, Any],
    validation_predictions: pd.DataFrame,
    parameters: ExportParameters,
) -> Detector:
    """A network that tells digits from what is none, with its threshold.

    It looks through the model's convolutions. Trained on the images that the model was
    trained on, from its seed, the threshold from the same validation part. Raises
    ProjectError for other training images and for another model's record.
    """
    verify_record(model, training)
    expected, received = training["digests"]["x_train"], array_digest(x_train)
    if received != expected:
        raise ProjectError(
            f"expected the x_train that the model was trained on ({expected[:12]}…), "
            f"received another ({received[:12]}…); name its version with "
            "--load-versions, or train anew with `kedro run`"
        )
    validation = validation_predictions["index"].to_numpy()
    train = np.setdiff1d(np.arange(len(x_train)), validation)
    make_deterministic()
    seed = training["seed"]
    return train_detector(
        model, x_train, y_train, train, validation, seed, parameters.detector
    )


def export_model(
    model: Classifier,
    detector: Detector,
    training: dict[str, Any],
    validation_predictions: pd.DataFrame,
    x_test: np.ndarray,
    test_data: dict[str, str],
    lineage: dict[str, Any],
) -> tuple[dict[str, Any], ModelProto]:
    """How far the ONNX model is from the Keras model, how fast both are, and the model.

    The model takes ``image``, float32 (n, 28, 28, 1) in 0..1, and gives
    ``probabilities`` and ``logits``, float32 (n, 10), neither scaled by temperature,
    and ``digit_logit``, float32 (n, 1), which says digit from digit_threshold on. Its
    metadata are text: model_version, model_digest, recipe, seed, dataset,
    dataset_digest, validation_images, temperature, thresholds as
    ``selection.load_thresholds`` reads them, digit_threshold, and digit_coverage, the
    share of the validation digits above it. Raises ProjectError where ``training`` or
    ``validation_predictions`` are of another model, and where the two models disagree.
    """
    model_digest = verify_record(model, training)
    _check_versions(lineage["versions"])
    logits = validation_predictions[[f"logit{digit}" for digit in range(NUM_CLASSES)]]
    temperature, thresholds = _judge(
        logits.to_numpy(),
        validation_predictions["label"].to_numpy(),
        detector.passed,
    )
    origin = {
        "model_version": lineage["versions"]["model"],
        "model_digest": model_digest,
        "recipe": training["recipe"],
        "seed": training["seed"],
    }
    model_onnx = to_onnx(
        answers(model, detector.network), (PROBABILITIES, LOGITS, DIGIT_LOGIT)
    )
    _describe(
        model_onnx,
        {
            **origin,
            "dataset": training["dataset"],
            "dataset_digest": training["dataset_digest"],
            "validation_images": len(logits),
            "temperature": temperature,
            "thresholds": thresholds,
            "digit_threshold": detector.threshold,
            "digit_coverage": detector.kept,
        },
    )
    export_check = {
        **check_export(model, model_onnx, x_test),
        **test_data,
        "trained_on": training["dataset"],
        **origin,
        "temperature": temperature,
        "data_version": lineage["versions"]["x_test"],
        **{key: value for key, value in lineage.items() if key != "versions"},
    }
    return export_check, model_onnx


def check_export(
    model: Classifier, model_onnx: ModelProto, x_test: np.ndarray
) -> dict[str, Any]:
    """The largest difference of probabilities, and images per second of both models.

    At batch 1, 32 and 1000; Keras is timed by ``predict_on_batch``, the fastest of its
    own ways, both without their first call. Raises ProjectError for a difference above
    1e-4 or one different answer.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model_onnx.SerializeToString(), providers=["CPUExecutionProvider"]
    )

    def answer(images: np.ndarray) -> np.ndarray:
        return session.run([PROBABILITIES], {IMAGE: images})[0]

    with full_float32():
        expected = model.predict(x_test, batch_size=1000, verbose=0)
    parts = np.split(x_test, range(1000, len(x_test), 1000))
    received = np.concatenate([answer(part) for part in parts])
    difference = float(np.abs(received - expected).max())
    different = int((received.argmax(axis=1) != expected.argmax(axis=1)).sum())
    if not difference <= LARGEST_DIFFERENCE or different:
        raise ProjectError(
            f"expected the ONNX model to answer as the Keras model does, received "
            f"probabilities up to {difference:.2g} apart and {different} different "
            f"answers on {len(x_test)} test images; report it with the versions of "
            "tensorflow, tf2onnx and onnxruntime, and read with an older model_onnx"
        )
    check = {
        "largest_difference": difference,
        "different_answers": different,
        "test_images": len(x_test),
        "onnxruntime_version": onnxruntime.__version__,
    }
    for name, way in {"keras": model.predict_on_batch, "onnx": answer}.items():
        for batch in BATCHES:
            images = np.resize(x_test, (batch, *x_test.shape[1:]))
            check[f"{name}_images_per_second_{batch}"] = _images_per_second(way, images)
    print(
        f"ONNX: probabilities within {difference:.1g} of Keras', "
        f"{check['onnx_images_per_second_1']:,.0f} images a second one by one "
        f"(Keras {check['keras_images_per_second_1']:,.0f})",
        flush=True,
    )
    return check


def _judge(
    logits: np.ndarray, labels: np.ndarray, passed: np.ndarray
) -> tuple[float, str]:
    """The temperature and the thresholds; what the detector stopped is not accepted."""
    temperature = fit_temperature(logits, labels)
    wrong = logits.argmax(axis=1) != labels
    confidence = np.where(passed, calibrated_confidence(logits, temperature), 0)
    thresholds = find_thresholds(confidence, wrong)
    return temperature, dump_thresholds(thresholds)


def _check_versions(versions: dict[str, str]) -> None:
    found = versions["validation_predictions"]
    if found != versions["model"]:
        raise ProjectError(
            f"expected validation_predictions of the model's version "
            f"{versions['model']}, received {found}; name both of one version with "
            "--load-versions, or neither"
        )


def _describe(model_onnx: ModelProto, metadata: dict[str, Any]) -> None:
    from onnx.helper import set_model_props

    model_onnx.doc_string = WHAT_FOR
    set_model_props(model_onnx, {key: str(value) for key, value in metadata.items()})


def _images_per_second(
    answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray, seconds: float = 0.1
) -> float:
    answer(images)
    calls, started = 0, perf_counter()
    while (taken := perf_counter() - started) < seconds or not calls:
        answer(images)
        calls += 1
    return round(calls * len(images) / taken, 1)
