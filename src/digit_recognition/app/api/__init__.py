"""The HTTP API: its routes, limits, response models and errors."""
