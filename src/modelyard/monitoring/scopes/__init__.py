"""Monitoring scopes: endpoints elsewhere that are asked from time to time whether they answer."""
