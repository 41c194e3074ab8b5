"""Compare the metrics of all runs."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
