"""What people's own pictures say, by the exported model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
