"""The pipelines, a folder each; they meet only in the catalog."""
