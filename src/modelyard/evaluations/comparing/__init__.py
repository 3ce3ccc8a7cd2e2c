"""Comparisons: versions and evaluations side by side, and whether one is really better."""
