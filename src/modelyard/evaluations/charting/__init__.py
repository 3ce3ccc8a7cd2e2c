"""Screens of evaluations as charts, tables and files."""
