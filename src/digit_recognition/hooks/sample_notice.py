"""Warn if results come from a 5,000-image sample of MNIST, not from all of MNIST."""

from __future__ import annotations

import logging
from typing import Any

from kedro.framework.hooks import hook_impl

from digit_recognition.datasets.mnist_dataset import HOW_TO_GET_MNIST, SAMPLE

logger = logging.getLogger(__name__)


class SampleHooks:
    """Warn if a run uses a 5,000-image sample of MNIST instead of all images.

    One warning is logged when the sample is detected, and one at the end of the run.
    """

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the final warning of an earlier run in this process."""
        self._final_warning = ""

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Warn if a loaded record says that the 5,000-image sample was used."""
        if dataset_name in ("dataset_info", "training"):
            self._warn(data["dataset"])

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Warn if the run has read the 5,000-image sample of MNIST.

        When ``published`` is saved, a warning is logged at once. When ``metrics`` are
        saved, they decide which warning is logged at the end of the run:

        - If the test images come from the sample, the warning says so.
        - If only the training images come from the sample, it says that instead.
        - Otherwise, no warning is logged at the end.
        """
        if dataset_name == "published":
            self._warn(data["dataset"])
        if dataset_name == "metrics":
            self._final_warning = ""
            if data["trained_on"] == SAMPLE:
                self._final_warning = "This model was trained on the 5,000-image sample"
            if data["dataset"] == SAMPLE:
                self._final_warning = "These results are from the 5,000-image sample"

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Log the final warning if the run used the sample of MNIST."""
        if self._final_warning:
            logger.warning(
                "%s (dataset mnist-sample). For MNIST itself: %s.",
                self._final_warning,
                HOW_TO_GET_MNIST,
            )

    def _warn(self, dataset: str) -> None:
        if dataset == SAMPLE and not self._final_warning:
            self._final_warning = "This run was on the 5,000-image sample"
            logger.warning(
                "This run is on a 5,000-image sample of MNIST, not on MNIST itself: "
                "its accuracy is lower and not comparable with MNIST's."
            )
