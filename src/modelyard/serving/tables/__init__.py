"""Tables of a package in which enrichments and lookups find rows by keys."""

from modelyard.serving.tables.table import MADE_HERE, LookupTable, open_table

__all__ = ["MADE_HERE", "LookupTable", "open_table"]
