"""A run on the sample can never be mistaken for a run on MNIST."""

from __future__ import annotations

import logging
from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets.mnist_dataset import SAMPLE, TWO_WAYS

logger = logging.getLogger(__name__)


class SampleHooks:
    """Say at a run's start and end that it is on the sample, not on MNIST."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._last_words = ""

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Tell by the first record loaded that names the dataset."""
        if dataset_name in ("dataset_info", "training"):
            self._tell(data["dataset"])

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Tell as soon as the data are there, and settle what the results are from."""
        if dataset_name == "published":
            self._tell(data["dataset"])
        if dataset_name == "metrics":
            self._last_words = ""
            if data["trained_on"] == SAMPLE:
                self._last_words = "This model was trained on the 5,000-image sample"
            if data["dataset"] == SAMPLE:
                self._last_words = "These results are from the 5,000-image sample"

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say it once more, where the result stands."""
        if self._last_words:
            logger.warning(
                "%s (dataset mnist-sample). For MNIST itself: %s.",
                self._last_words,
                TWO_WAYS,
            )

    def _tell(self, dataset: str) -> None:
        if dataset == SAMPLE and not self._last_words:
            self._last_words = "This run was on the 5,000-image sample"
            logger.warning(
                "This run is on a 5,000-image sample of MNIST, not on MNIST itself: "
                "its accuracy is lower and cannot be held beside MNIST's."
            )
