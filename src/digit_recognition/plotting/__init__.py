"""Figures: a common style, and simple plots for the notebooks."""
