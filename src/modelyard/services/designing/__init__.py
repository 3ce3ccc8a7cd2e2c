"""Endpoints of services: what each answers, with which tables, and queries to try it with."""
