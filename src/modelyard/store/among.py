"""Rows whose keys are among many that are named, found by an index in either database.

SQLite reads a whole table where keys of several columns are listed in a query, and so the time to
look some up grows with all that there are; where they come out of a table, it does not.
"""

# ruff: noqa: S608  what is put together are columns and places; values are bound
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import NullType


class Among(FunctionElement[Any]):
    """Whether the texts in some columns are together one of some keys."""

    name = "among"
    inherit_cache = True
    type = NullType()  # a Boolean would be compared with 1, and the index not be used

    def __init__(
        self, columns: Sequence[ColumnElement[Any]], keys: Iterable[Sequence[str]]
    ) -> None:
        """Each of the keys has as many texts as there are columns."""
        listed = json.dumps([list(key) for key in keys])
        super().__init__(*columns, literal(listed, Text()))


@compiles(Among, "sqlite")
def _among_in_sqlite(element: Among, compiler: Any, **more: Any) -> str:
    *columns, keys = (compiler.process(each, **more) for each in element.clauses)
    parts = ", ".join(f"json_extract(k.value, '$[{place}]')" for place in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_each({keys}) AS k)"


@compiles(Among, "postgresql")
def _among_in_postgresql(element: Among, compiler: Any, **more: Any) -> str:
    *columns, keys = (compiler.process(each, **more) for each in element.clauses)
    parts = ", ".join(f"k.v ->> {place}" for place in range(len(columns)))
    listed = f"jsonb_array_elements(CAST({keys} AS jsonb)) AS k(v)"
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM {listed})"
