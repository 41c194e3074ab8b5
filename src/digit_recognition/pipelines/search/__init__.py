"""Search for the best values of a recipe's fields."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
