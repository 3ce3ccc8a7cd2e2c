"""The database's own clock, which is the same for everybody who uses it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Double, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class DatabaseNow(FunctionElement[float]):
    """Seconds since 1970, as the database tells them at this statement."""

    name = "database_now"
    inherit_cache = True
    type = Double()


@compiles(DatabaseNow, "sqlite")
def _sqlite(_element: DatabaseNow, _compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseNow, "postgresql")
def _postgresql(_element: DatabaseNow, _compiler: Any, **_: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


def database_now(db: Connection) -> float:
    """Seconds since 1970 by the database's clock."""
    now: float = db.execute(select(DatabaseNow())).scalar_one()
    return now
