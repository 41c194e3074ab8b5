"""The web page and the HTTP API.

Only this part of the project needs the optional dependencies ``app``.
"""
