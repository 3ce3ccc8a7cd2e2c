"""Deployments: what is to run on an infrastructure, and what does."""
