"""The trained model as ONNX, with the thresholds that say when to trust it."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
