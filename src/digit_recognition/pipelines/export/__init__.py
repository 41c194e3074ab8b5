"""Export the classifier and the detector to ONNX, and check the ONNX model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
