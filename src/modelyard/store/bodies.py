"""Facts inside of bodies, which rows keep as JSON, for queries to filter and sort by."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ColumnElement, Connection, Float, cast, func, type_coerce


def text_in(db: Connection, body: Column[str], *path: str) -> ColumnElement[str]:
    """A text in a body, by the names that lead to it; empty where there is none."""
    return func.coalesce(_parsed(db, body)[path].as_string(), "")


def number_in(
    db: Connection, body: Column[str], *path: str, otherwise: float | None = -1.0
) -> ColumnElement[float]:
    """A number in a body, by the names that lead to it; `otherwise` where there is none."""
    found = cast(_parsed(db, body)[path].as_float(), Float)
    return found if otherwise is None else func.coalesce(found, otherwise)


def _parsed(db: Connection, body: Column[str]) -> ColumnElement[JSON]:
    """SQLite reads JSON out of text as it is, and PostgreSQL once it is told that it is some."""
    return cast(body, JSON) if db.dialect.name == "postgresql" else type_coerce(body, JSON)
