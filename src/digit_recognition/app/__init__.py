"""The web page and the HTTP API.

This is the only part of the project that needs the extra ``app``.
"""
