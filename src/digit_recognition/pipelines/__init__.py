"""The pipelines, one folder each; they exchange data only through the catalog."""
