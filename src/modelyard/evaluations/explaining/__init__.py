"""Explaining a version by the rows of an evaluation: what it takes from which column."""
