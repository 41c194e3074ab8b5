"""Previews of nodes in Kedro-Viz, and the static site."""
