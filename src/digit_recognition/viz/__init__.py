"""Kedro-Viz: previews of nodes, and the static site."""
