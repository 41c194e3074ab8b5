"""A network, trained on a part of the training images and watched on the rest."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
