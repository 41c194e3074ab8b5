"""How a trained model holds on corrupted test images, family by family."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
