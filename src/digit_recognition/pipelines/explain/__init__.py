"""Show what a trained model computes for one image, layer by layer."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
