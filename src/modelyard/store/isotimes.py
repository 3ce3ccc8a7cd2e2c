"""Moments as Python writes them by `isoformat`, inside of queries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class IsoTime(FunctionElement[str]):
    """A moment in UTC as text; a fraction of a second that is none is left out."""

    name = "iso_time"
    inherit_cache = True
    type = String()


@compiles(IsoTime, "sqlite")
def _sqlite(element: IsoTime, compiler: Any, **more: Any) -> str:
    moment = compiler.process(element.clauses, **more)
    return f"(replace(replace({moment}, ' ', 'T'), '.000000', '') || '+00:00')"


@compiles(IsoTime, "postgresql")
def _postgresql(element: IsoTime, compiler: Any, **more: Any) -> str:
    moment = compiler.process(element.clauses, **more)
    text = f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
    return f"(replace({text}, '.000000', '') || '+00:00')"
