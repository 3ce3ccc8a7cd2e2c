"""Nodes: API nodes and automation nodes that are administered from here."""
