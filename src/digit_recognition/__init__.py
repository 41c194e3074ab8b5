"""Digit Recognition: train a CNN on MNIST and read handwriting with it."""

__version__ = "0.1.0"

IMAGE_SIZE = 28
"""Height and width in pixels of an image of MNIST."""

NUM_CLASSES = 10
"""The digits 0 to 9."""
