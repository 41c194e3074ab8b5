"""Read the numbers on pictures with the exported model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
