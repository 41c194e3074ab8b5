"""One folder for each pipeline. Pipelines share data only through the catalog."""
