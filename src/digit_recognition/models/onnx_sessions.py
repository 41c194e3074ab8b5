"""Import ONNX Runtime without its telemetry. No other module imports ONNX Runtime.

ONNX Runtime reads ORT_DISABLE_TELEMETRY when it is imported. The package
``digit_recognition`` sets this variable in its ``__init__``, which Python runs before
this module.
"""

from __future__ import annotations

from typing import Any

import onnxruntime
from onnxruntime import InferenceSession
from onnxruntime.capi import onnxruntime_pybind11_state as errors

VERSION = onnxruntime.__version__

FATAL = 4
"""ONNX Runtime's log level for fatal errors only."""

LOAD_ERRORS = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NotImplemented,
    UnicodeDecodeError,  # the message quotes a damaged name
)
"""Exceptions that ``open_session`` raises for bytes that it cannot load as a model."""


class PortableSession(InferenceSession):
    """A session that can be pickled. Unpickling it loads the model again."""

    def __init__(self, model: bytes, options: dict[str, Any]):
        self.model = model
        self.options = options
        session_options = onnxruntime.SessionOptions()
        session_options.log_severity_level = FATAL  # errors are raised
        for name, value in options.items():
            setattr(session_options, name, value)
        # After an error, the fallback would print five lines and try the CPU again.
        super().__init__(
            model,
            session_options,
            providers=["CPUExecutionProvider"],
            enable_fallback=False,
        )

    def __reduce__(self) -> tuple[type, tuple[bytes, dict[str, Any]]]:
        return PortableSession, (self.model, self.options)


def open_session(model: bytes, **options: Any) -> PortableSession:
    """Return a session that runs an ONNX model on the CPU.

    ``model`` is the content of an ONNX file. ``options`` are attributes of
    ``onnxruntime.SessionOptions``. Raises one of LOAD_ERRORS if the model cannot be
    loaded.
    """
    return PortableSession(model, options)
