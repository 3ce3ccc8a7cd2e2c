"""Tables of a package in which enrichments and lookups find rows by keys."""

from modelyard.serving.tables.table import LookupTable, open_table

__all__ = ["LookupTable", "open_table"]
