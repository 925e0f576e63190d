"""Whatever serves a request to write."""
