"""Digit Recognition: train a CNN on MNIST and read handwriting with it."""

__version__ = "0.1.0"
