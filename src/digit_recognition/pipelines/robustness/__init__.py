"""Evaluate a trained model on corrupted test images."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
