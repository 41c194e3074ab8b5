"""Extensions of a Kedro run: checks before it, records during it, a summary after."""

from .config_loader import ConfigLoader
from .input_paths import InputPathsHooks
from .known_parameters import KnownParametersHooks
from .lineage import LineageHooks
from .reading_summary import ReadingHooks
from .sample_notice import SampleHooks
from .versions import VersionHooks

__all__ = [
    "ConfigLoader",
    "InputPathsHooks",
    "KnownParametersHooks",
    "LineageHooks",
    "ReadingHooks",
    "SampleHooks",
    "VersionHooks",
]
