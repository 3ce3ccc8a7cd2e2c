"""Hooks of infrastructures: what is called before and after each update of a deployment there."""
