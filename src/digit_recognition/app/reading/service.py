"""Everything that the page and the API do with one exported model."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from kedro.io import DatasetError, Version
from PIL import Image
from scipy.special import softmax

from digit_recognition import IMAGE_SIZE
from digit_recognition.datasets.manifests import Manifests
from digit_recognition.datasets.onnx_dataset import OnnxDataset
from digit_recognition.datasets.readable import require_readable
from digit_recognition.errors import ProjectError
from digit_recognition.hooks.config_loader import ConfigLoader
from digit_recognition.imaging.decoding import Page, decode
from digit_recognition.imaging.ink import resized
from digit_recognition.recognition.read_parameters import ReadParameters
from digit_recognition.recognition.reader import Reader, load_reader
from digit_recognition.recognition.views import average_views

from .feature_maps import FeatureMaps, LayerOutput
from .limits import (
    MAX_PIXELS,
    MAX_SECONDS,
    SMALL_PIXELS,
    TimedFile,
    TimedSession,
    TooSlow,
    check_upload,
    is_small,
    time_limit,
)
from .newest_readings import NewestReadings, load_newest_readings
from .picture_reading import PictureReading, read_drawing, read_file
from .report import Report, load_report

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL = Path("data", "06_models", "model.onnx")

MIDDLE_GREY = 0.5
"""A drawing has dark ink if its background is lighter than this, in 0..1."""

MAX_WAIT = 30.0
"""Maximum time that a picture waits for other pictures, in seconds."""


class Busy(TooSlow):
    """Raised if a large picture has waited too long for other large pictures."""


class Service:
    """Reads pictures with one exported model. Threads may share a service.

    ``metadata`` is the metadata in the ONNX file, such as model_version, recipe,
    dataset and seed. It lacks the entry ``validation``, which holds long lists with the
    results for all validation images.
    """

    def __init__(self, project: Path, model_path: Path, parameters: ReadParameters):
        """Load the model.

        ``model_path`` is the path of a model.onnx. ``parameters`` contain the rule by
        which digits are accepted. Raises ProjectError if the model is damaged or cannot
        be used.
        """
        self.project = project
        self.model_path = model_path
        self.parameters = parameters
        session = _load_session(project, model_path)
        timed: Any = TimedSession(session)
        self.reader: Reader = load_reader(timed, **parameters.rule())
        self.metadata = {
            name: value
            for name, value in self.reader.metadata.items()
            if name != "validation"
        }
        self._session = session
        self._temperature = float(self.metadata["temperature"])
        self._lock = threading.Lock()
        self._large = threading.Semaphore(1)

    @classmethod
    def open(cls, project: Path, model_version: str | None = None) -> Service:
        """Return a service for an exported model, by default the newest one.

        ``model_version`` is the name of a folder in data/06_models/model.onnx. The
        files in conf/ determine which digits are accepted without a check by a person.
        Raises ProjectError if the model does not exist, is damaged or cannot be used.
        """
        path = find_model(project, model_version)
        return cls(project, path, _load_parameters(project))

    def read(self, data: bytes) -> PictureReading:
        """Read all pages of a picture file.

        Raises UnreadablePicture if the file is not a picture or exceeds a limit. The
        message is one sentence. If reading takes longer than MAX_SECONDS, the exception
        is TooSlow, a subclass of UnreadablePicture.

        A picture is large if it has more than SMALL_PIXELS pixels or is a TIFF file.
        Large pictures are read one at a time, because a picture of 25 million pixels
        needs up to 1 GB of memory. If a large picture waits longer than MAX_WAIT
        seconds, the exception is Busy, a subclass of TooSlow.
        """
        check_upload(data)
        if is_small(data):
            return self._read(data)
        if not self._large.acquire(timeout=MAX_WAIT):
            raise Busy("other large pictures are still being read; try again later")
        try:
            return self._read(data)
        finally:
            self._large.release()

    def _read(self, data: bytes) -> PictureReading:
        with time_limit(MAX_SECONDS):
            return read_file(TimedFile(data), self.reader, MAX_PIXELS)

    def read_array(self, grey: np.ndarray) -> PictureReading:
        """Read a drawing from an array (rows, columns).

        ``grey`` is uint8 in 0..255, where 255 is white, or float32 in 0..1, where 1 is
        white. The ink may be dark on light or light on dark.
        """
        with time_limit(MAX_SECONDS):
            page = Page(_to_float(grey), 1)
            return PictureReading([read_drawing(page, self.reader)])

    def read_drawing(self, data: bytes) -> PictureReading:
        """Read a picture file that shows a drawing on a plain background.

        This takes a quarter of the time of `read`. Only the first page is read. A
        drawing never waits for other pictures. Raises UnreadablePicture as `read` does,
        and also if the drawing has more than SMALL_PIXELS pixels.
        """
        check_upload(data)
        with time_limit(MAX_SECONDS):
            page = next(decode(TimedFile(data), SMALL_PIXELS))
            return PictureReading([read_drawing(page, self.reader)])

    def probabilities(self, fields: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of the digits 0 to 9, float64 (n, 10).

        ``fields`` are digits in MNIST's format, (n, 28, 28) in 0..1.
        """
        images = np.asarray(fields, np.float32)[..., None]
        (logits,) = average_views(
            lambda view: self._session.run(["logits"], {"image": view}), images
        )
        return softmax(logits.astype(np.float64) / self._temperature, axis=1)

    def feature_maps(self, field: np.ndarray) -> list[LayerOutput]:
        """Return the output of each layer for a digit.

        ``field`` is the digit in MNIST's format, (28, 28) in 0..1.
        """
        with self._lock:
            maps = self._feature_maps
        return maps.compute(field)

    @cached_property
    def _feature_maps(self) -> FeatureMaps:
        return FeatureMaps(self.model_path)

    def without_preparation(self, grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a resized drawing, and the probabilities of the digits 0 to 9.

        The whole drawing is resized to 28 x 28 pixels. The digit in it is not centred
        and scaled as in MNIST. ``grey`` is as in `read_array`. The resized drawing is
        float32 in 0..1, where 1 is ink. The probabilities are an array of the shape
        (10,).
        """
        page = _to_float(grey)
        ink = 1 - page if np.median(page) > MIDDLE_GREY else page
        field = resized(ink, (IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BOX)
        return field, self.probabilities(field[None])[0]

    def report(self) -> Report:
        """Return the report of the model. Each call reads the report files again."""
        return load_report(self.project, self.metadata, self.model_path)

    def newest_readings(self) -> NewestReadings | None:
        """Return the newest table of readings, or None if there is none."""
        return load_newest_readings(self.project)


def find_model(project: Path, version: str | None) -> Path:
    """Return the path of the file model.onnx of one version of the model.

    If ``version`` is None, the newest version is used. Raises ProjectError if there is
    no such model, or if permissions forbid reading the folders.
    """
    require_readable("model_onnx", project / MODEL, file=MODEL.name, all_of_them=False)
    files = (project / MODEL).glob(f"*/{MODEL.name}")
    versions = sorted(file.parent.name for file in files)
    if not versions:
        raise ProjectError(
            f"expected an exported model in {project / MODEL}, found none; train and "
            "export one with `kedro run`"
        )
    if version is not None and version not in versions:
        raise ProjectError(
            f"expected a version of {MODEL.as_posix()}, received {version!r}; "
            f"existing: {', '.join(versions[-5:])}"
        )
    return project / MODEL / (version or versions[-1]) / MODEL.name


def _load_session(project: Path, path: Path) -> InferenceSession:
    version = path.parent.name
    dataset = OnnxDataset(
        filepath=str(path.parents[1]),
        load_args={"intra_op_num_threads": 1},
        version=Version(version, version),
    )
    try:
        Manifests(project).require_undamaged(
            "model_onnx", path.parent, option="--model-version "
        )
        return dataset.load()
    except DatasetError as error:
        raise ProjectError(str(error)) from error


def _load_parameters(project: Path) -> ReadParameters:
    loader = ConfigLoader(
        str(project / "conf"),
        base_env="base",
        default_run_env="local",
        merge_strategy={"parameters": "soft"},
    )
    return ReadParameters.model_validate(loader["parameters"]["read"])


def _to_float(grey: np.ndarray) -> np.ndarray:
    if grey.dtype == np.uint8:
        return np.divide(grey, 255, dtype=np.float32)
    return np.asarray(grey, np.float32)
