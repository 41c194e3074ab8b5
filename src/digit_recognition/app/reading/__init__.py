"""Read pictures with an exported model, within limits."""
