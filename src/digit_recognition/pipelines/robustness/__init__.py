"""Evaluation of a trained model on corrupted test images, family by family."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
