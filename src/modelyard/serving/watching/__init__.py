"""Watching a node: what it answered minute by minute, and what its query log holds."""
