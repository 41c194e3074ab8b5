"""Convert MNIST to the arrays that the network takes."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
