"""Train the detector, which tells digits from non-digits."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
