"""Build the networks (the CNN and the detector of non-digits); export them to ONNX."""
