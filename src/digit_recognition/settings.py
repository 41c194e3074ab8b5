"""Configure Kedro: its hooks, plugins, data catalog and configuration loader."""

import os
import warnings
from typing import Any

from digit_recognition.interrupts import quiet_interrupts

quiet_interrupts()  # before the imports that take a second

from digit_recognition.datasets import AtomicCatalog  # noqa: E402 (see above)
from digit_recognition.hooks import (  # noqa: E402 (see above)
    ConfigLoader,
    DamageHooks,
    InputPathsHooks,
    KnownParametersHooks,
    LeftoverHooks,
    LineageHooks,
    ManifestHooks,
    MatchingArraysHooks,
    NewestTableHooks,
    OutputPlacesHooks,
    ProjectContext,
    SampleHooks,
    StageHooks,
    SummaryHooks,
    TrackingHooks,
    VersionHooks,
)

HOOKS = (
    # Kedro calls the hooks from last to first, so tracking starts after all checks.
    TrackingHooks(),
    KnownParametersHooks(),
    MatchingArraysHooks(),
    VersionHooks(),
    LineageHooks(),
    ManifestHooks(),
    DamageHooks(),
    InputPathsHooks(),
    OutputPlacesHooks(),
    LeftoverHooks(),
    # The lines of the stages are printed first, then the summary, then the notice that
    # the data are a sample.
    SampleHooks(),
    SummaryHooks(),
    NewestTableHooks(),
    StageHooks(),
)

# This plugin would send usage data.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

DATA_CATALOG_CLASS = AtomicCatalog
CONTEXT_CLASS = ProjectContext

CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    # "soft": an environment's file lists only the parameters that it changes.
    "merge_strategy": {"parameters": "soft"},
}

# Level 2 hides the informational messages and warnings while TensorFlow starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Keras warns if a loaded model lacks the optimizer's state. Models are saved without
# this state, because it is twice as large as the weights.
warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
