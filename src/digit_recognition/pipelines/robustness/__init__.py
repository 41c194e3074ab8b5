"""Evaluation of a trained model on each family of corrupted test images."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
