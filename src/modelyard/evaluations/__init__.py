"""Evaluations: what a version of a saved model is worth on data whose truth is known."""
