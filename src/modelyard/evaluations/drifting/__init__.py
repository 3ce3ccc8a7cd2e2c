"""Drift: whether and how data, predictions and performance moved between two sides; reports."""
