"""Audit packages: the whole story of an item in one archive, which can be verified anywhere."""
