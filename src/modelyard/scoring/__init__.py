"""Scoring: a dataset through a version, chunk by chunk; recipes are scorings saved for later."""
