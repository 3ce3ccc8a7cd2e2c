"""Drivers: how the places of an infrastructure are reached, looked at and changed."""
