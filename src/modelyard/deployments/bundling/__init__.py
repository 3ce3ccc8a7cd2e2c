"""Bundles: a project as it was at a moment, in one file that never changes."""
