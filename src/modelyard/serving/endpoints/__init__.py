"""Endpoints that are loaded and answer: predictions, functions, lookups."""

from modelyard.serving.endpoints.answers import Answer, LoadedEndpoint, RowAnswer, Timings
from modelyard.serving.endpoints.loading import load_endpoint
from modelyard.serving.pool import PoolStatus
from modelyard.serving.runners.workers import Limits

__all__ = [
    "Answer",
    "Limits",
    "LoadedEndpoint",
    "PoolStatus",
    "RowAnswer",
    "Timings",
    "load_endpoint",
]
