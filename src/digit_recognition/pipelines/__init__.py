"""Each folder contains one pipeline. Pipelines share data only through the catalog."""
