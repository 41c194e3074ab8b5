"""What happens around a run: checks before it, records during it, a word after it."""

from .lineage import LineageHooks
from .parameters import KnownParametersHooks
from .pictures import PicturesHooks
from .reading import ReadingHooks
from .sample import SampleHooks
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
