"""Backups: a workspace in one file, and back."""
