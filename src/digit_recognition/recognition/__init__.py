"""Read numbers on pages, and decide which of them are accepted."""
