"""Pipelines: the steps that packages and bundles go through, and what has to hold in between."""
