"""The networks: the CNN, the detector of non-digits, and their export to ONNX."""
