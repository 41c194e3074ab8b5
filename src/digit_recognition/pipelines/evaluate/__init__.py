"""What a trained model makes of the test images, and how good that is."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
