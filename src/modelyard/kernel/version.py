"""The version of Modelyard, which servers tell their clients."""

__version__ = "0.1.0"
HEADER = "modelyard-version"
