"""Activating a bundle: a project becomes what the bundle says, and keeps what is its own."""
