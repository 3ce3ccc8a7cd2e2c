"""Packages of services: what API nodes mount."""
