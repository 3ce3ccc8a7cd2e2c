"""Scoring: a dataset through a version, chunk by chunk."""
