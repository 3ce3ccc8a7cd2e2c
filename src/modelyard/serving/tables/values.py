"""Values of tables: as which a key is looked up, and as which a cell is held."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modelyard import errors

KINDS: Mapping[str, str] = {"bool": "boolean", "string": "string", "large_string": "string"}


def kind_of_key(table: str, columns: Mapping[str, str], key: str) -> str:
    """What of MLflow's types a key's values are, given the Arrow types of a table's columns.

    Raises:
        Unsupported: nothing can be found by such a column.
    """
    kind = columns[key]
    if kind in KINDS:
        return KINDS[kind]
    if kind.startswith("dictionary<values=string"):
        return "string"
    if kind.startswith(("int", "uint")):
        return "long"
    if kind.startswith("timestamp"):
        return "datetime"
    raise errors.Unsupported(
        f"nothing can be looked up by column {key!r} of table {table!r}, which holds {kind}; "
        "keys are whole numbers, text, true and false, or times",
        column=key,
    )


def stored(value: Any) -> Any:
    """A value as copied tables hold it, in SQLite; equal ones are equal."""
    if value is None or isinstance(value, int | float | str | bytes):
        return value if not isinstance(value, bool) else int(value)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, default=str)
