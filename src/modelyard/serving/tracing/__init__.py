"""Traces of queries for OpenTelemetry, where the node is told to make them."""
