"""Endpoints that are loaded and answer: predictions, functions, lookups."""

from modelyard.serving.endpoints.loading import load_endpoint

__all__ = ["load_endpoint"]
