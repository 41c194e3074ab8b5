"""Reading numbers: the reader, its calibration and its acceptance thresholds."""
