"""Workspaces: others whose things are governed from here, and what they tell."""
