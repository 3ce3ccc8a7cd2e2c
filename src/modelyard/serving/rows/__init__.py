"""Rows: what a query sends, checked by what the model takes, and as a table for it."""

from modelyard.serving.rows.free import FreeReader
from modelyard.serving.rows.plain import plain_values
from modelyard.serving.rows.reader import Cells, DeclaredReader, Kind, RowReader, reader_for

__all__ = [
    "Cells",
    "DeclaredReader",
    "FreeReader",
    "Kind",
    "RowReader",
    "plain_values",
    "reader_for",
]
