"""Monitoring: whether evaluations are as they should be."""
