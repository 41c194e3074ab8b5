"""Find digits on pictures of paper and convert them to MNIST's format.

These are pure functions that need no model.
"""
