"""The web page and the HTTP API. They need the extra ``app``; no other part does."""
