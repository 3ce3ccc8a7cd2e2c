"""Asking what is deployed: where its endpoints answer, and queries that are put through it."""
