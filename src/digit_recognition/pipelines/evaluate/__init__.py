"""Evaluate a trained model on the test images."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
