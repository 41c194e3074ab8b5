"""Train a network on the training images and validate it on a held-out part."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
