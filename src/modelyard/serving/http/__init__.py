"""The protocols of an API node: HTTP in, `DataPlane` underneath."""
