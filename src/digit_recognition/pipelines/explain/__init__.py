"""Explanation of a trained model by the journey of one image through it."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
