"""The pipelines, one in each subfolder.

They share data only through Kedro's catalog.
"""
