"""What happens around a run: checks before it, records during it, a word after it."""

from .known_parameters import KnownParametersHooks
from .lineage import LineageHooks
from .picture_paths import PicturesHooks
from .reading_summary import ReadingHooks
from .sample_notice import SampleHooks
from .versions import VersionHooks, WholeVersionHooks

__all__ = [
    "KnownParametersHooks",
    "LineageHooks",
    "PicturesHooks",
    "ReadingHooks",
    "SampleHooks",
    "VersionHooks",
    "WholeVersionHooks",
]
