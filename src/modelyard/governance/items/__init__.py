"""Governed items: what is governed, what its rooms tell of it, and what came of it."""
