"""Deployments: how projects and services come to where they are used."""
