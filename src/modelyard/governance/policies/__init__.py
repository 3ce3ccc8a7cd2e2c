"""Policies: what has to be shown of a version before it is deployed, as clauses over evidence."""
