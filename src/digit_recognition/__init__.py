"""Digit Recognition: train a CNN on MNIST and read handwriting with it."""

import os

# Disable the telemetry of ONNX Runtime, which writes a device id into the user's cache
# and sends events. ONNX Runtime reads the variable when it is imported. A value that is
# already set, such as 0, is replaced, because the project promises to send nothing.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Disable the telemetry of Kedro and Kedro-Viz. A copy of the project without the file
# .telemetry would otherwise send telemetry for every command. Kedro imports this
# package before it reads the variable.
os.environ["KEDRO_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

IMAGE_SIZE = 28
"""Height and width of an MNIST image, in pixels."""

NUM_CLASSES = 10
"""The number of classes: the digits 0 to 9."""
