"""Evaluation stores: evaluations side by side, over time, and what they are compared with."""
