"""Housekeeping: what concerns every room at once."""
