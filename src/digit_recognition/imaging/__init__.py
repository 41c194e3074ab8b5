"""Find digits on pictures of paper, and convert the digits to MNIST's format.

The functions in this package need no trained model.
"""
