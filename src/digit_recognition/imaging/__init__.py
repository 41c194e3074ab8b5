"""Find digits on pictures of paper and convert the digits to MNIST's format.

No function here needs a trained model.
"""
