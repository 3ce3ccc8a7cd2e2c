"""Tokens of an issuer (JWT): who shows one, and whether it opens a service."""
