"""Scenarios: named lists of commands, on a schedule, after one another, or by hand."""
