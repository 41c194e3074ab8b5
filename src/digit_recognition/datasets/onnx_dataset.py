"""``OnnxDataset`` stores a model as ONNX, so that it runs without TensorFlow."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession


class OnnxDataset(AbstractVersionedDataset["ModelProto", "InferenceSession"]):
    """An ONNX file, saved from an ``onnx.ModelProto`` and loaded as a session.

    The session is an ``onnxruntime.InferenceSession``. Loading needs neither ``onnx``
    nor TensorFlow. The model's metadata are in
    ``session.get_modelmeta().custom_metadata_map``.

    Example of an entry in ``catalog.yml``::

        model_onnx:
          type: digit_recognition.datasets.OnnxDataset
          filepath: data/06_models/model.onnx
          load_args:
            intra_op_num_threads: 1
          versioned: true
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike,
        load_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Set the path of the file, or its URL if fsspec supports it.

        ``load_args`` sets attributes of ``onnxruntime.SessionOptions``. By default, a
        session uses one thread per core. ``credentials`` and ``fs_args`` are arguments
        of the fsspec filesystem. Plugins such as Kedro-Viz read ``metadata``.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        self._protocol = protocol
        self._fs = fsspec.filesystem(
            protocol, **deepcopy(credentials or {}), **deepcopy(fs_args or {})
        )
        self._load_args = load_args or {}
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> InferenceSession:
        """Return an ONNX Runtime session on the CPU.

        Raises DatasetError if the file is missing or cannot be loaded.
        """
        from digit_recognition.models import onnx_sessions

        path = get_filepath_str(self._get_load_path(), self._protocol)
        try:
            model = self._fs.cat_file(path)
            return onnx_sessions.open_session(model, **self._load_args)
        except FileNotFoundError as error:
            raise DatasetError(
                f"expected an ONNX model at {path}, found none; run the pipeline that "
                f"makes {self._filepath.name} first"
            ) from error
        except onnx_sessions.LOAD_ERRORS as error:
            raise DatasetError(
                f"expected an ONNX model at {path}, received a file that ONNX Runtime "
                f"{onnx_sessions.VERSION} cannot load ({error}); export it again"
            ) from error

    def save(self, data: ModelProto) -> None:
        """Save an ``onnx.ModelProto``. Raises DatasetError for other types."""
        from onnx import ModelProto

        if not isinstance(data, ModelProto):
            raise DatasetError(
                f"{self._filepath.name}: expected an onnx.ModelProto, received "
                f"{type(data).__name__}; convert the model first"
            )
        path = get_filepath_str(self._get_save_path(), self._protocol)
        if self._protocol == "file":
            self._fs.makedirs(self._fs._parent(path), exist_ok=True)
        self._fs.pipe_file(path, data.SerializeToString())
        self._fs.invalidate_cache(str(self._filepath))

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "load_args": self._load_args,
            "version": self._version,
        }

    def _exists(self) -> bool:
        return self._fs.exists(get_filepath_str(self._get_load_path(), self._protocol))

    def _release(self) -> None:
        super()._release()
        self._fs.invalidate_cache(str(self._filepath))
