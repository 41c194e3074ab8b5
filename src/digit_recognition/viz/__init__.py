"""Show descriptions of nodes in Kedro-Viz, and build a static Kedro-Viz site."""
