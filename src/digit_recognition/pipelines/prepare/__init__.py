"""MNIST as it was published, made into the arrays that a network takes."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
