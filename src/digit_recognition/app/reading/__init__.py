"""Read pictures with an exported model, with limits on size and time."""
