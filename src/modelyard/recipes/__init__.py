"""Recipes: commands saved for later."""
