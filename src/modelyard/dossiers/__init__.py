"""Dossiers: what is told of governed items as a whole, as model cards and audit packages."""
