"""Saved models, their versions, where they come from and what they ask of a caller."""
