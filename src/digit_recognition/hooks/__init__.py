"""Kedro hooks, which check a run before it starts, record it and print a summary."""

from .config_loader import ConfigLoader
from .damaged_arrays import DamageHooks
from .input_paths import InputPathsHooks
from .known_parameters import KnownParametersHooks
from .leftovers import LeftoverHooks
from .lineage import LineageHooks
from .manifest_hooks import ManifestHooks
from .matching_arrays import MatchingArraysHooks
from .mlflow_tracking import TrackingHooks
from .newest_table import NewestTableHooks
from .output_places import OutputPlacesHooks
from .project_context import ProjectContext
from .sample_notice import SampleHooks
from .stages import StageHooks
from .summary import SummaryHooks
from .versions import VersionHooks

__all__ = [
    "ConfigLoader",
    "DamageHooks",
    "InputPathsHooks",
    "KnownParametersHooks",
    "LeftoverHooks",
    "LineageHooks",
    "ManifestHooks",
    "MatchingArraysHooks",
    "NewestTableHooks",
    "OutputPlacesHooks",
    "ProjectContext",
    "SampleHooks",
    "StageHooks",
    "SummaryHooks",
    "TrackingHooks",
    "VersionHooks",
]
