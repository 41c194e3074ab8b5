"""Train many recipes with many seeds, and compare them."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
