"""The journey of one image through a trained model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
