"""Texts in small letters, inside of queries: also those that ASCII does not have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

LOWER = "modelyard_lower"
"""What SQLite is given, whose own `lower` knows the letters of ASCII alone."""


class Lowered(FunctionElement[str]):
    """A text in small letters. Names are ASCII: for these `lower` is quicker."""

    name = "lowered"
    inherit_cache = True
    type = String()


@compiles(Lowered, "sqlite")
def _sqlite(element: Lowered, compiler: Any, **more: Any) -> str:
    return f"{LOWER}({compiler.process(element.clauses, **more)})"


@compiles(Lowered, "postgresql")
def _postgresql(element: Lowered, compiler: Any, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


def lower(value: Any) -> Any:
    """What `LOWER` does; whatever is no text stays as it is."""
    return value.lower() if isinstance(value, str) else value
