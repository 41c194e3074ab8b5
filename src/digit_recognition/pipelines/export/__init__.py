"""Export the classifier and the detector to ONNX, and compare them with Keras."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
