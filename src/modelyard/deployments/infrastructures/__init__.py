"""Infrastructures: where packages and bundles are deployed to, and who may do that."""
