"""From pictures of paper to fields as MNIST's: pure functions, without a model."""
