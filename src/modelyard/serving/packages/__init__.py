"""Packages: a service and all that it needs, in one file that never changes."""
