"""Replays: two versions of a saved model asked with the same rows, before one takes over."""
