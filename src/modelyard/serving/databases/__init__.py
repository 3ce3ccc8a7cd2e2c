"""Databases that a node reads: its connections, and tables that stay where they are."""
