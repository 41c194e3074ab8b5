"""Project settings: hooks, plugins, how configuration is merged."""

import os
import warnings

from digit_recognition.hooks import (
    KnownParametersHooks,
    LineageHooks,
    PicturesHooks,
    ReadingHooks,
    SampleHooks,
    VersionHooks,
    WholeVersionHooks,
)

HOOKS = (
    KnownParametersHooks(),
    VersionHooks(),
    WholeVersionHooks(),
    LineageHooks(),
    PicturesHooks(),
    ReadingHooks(),
    SampleHooks(),
)

# kedro-telemetry would send usage data, kedro-viz rewrite a file in each run.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro-viz")

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment changes single parameters without repeating the others.
    "merge_strategy": {"parameters": "soft"},
}

# As many of TensorFlow's start-up notices as it lets one silence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Models are saved without the optimizer's state, which is twice the weights' size.
warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
