"""One cell of a query as its type wants it, by the rules by which workers cast columns.

What converts without doubt is converted: whole numbers to text, numbers that were sent as text, 1
and 0 to true and false. `modelyard.runtime.worker.columns` does the same for whole columns.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

EXPECTED = {
    "boolean": "true or false (boolean)",
    "integer": "a whole number of 32 bits (integer)",
    "long": "a whole number (long)",
    "float": "a number (float)",
    "double": "a number (double)",
    "string": "text (string)",
    "binary": "bytes as base64 (binary)",
    "datetime": "a date or time as ISO 8601 (datetime)",
}
ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float64(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "datetime": pa.timestamp("us"),
}
LIMITS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
LARGEST_FLOAT = 3.4028235677973362e38
"""What is larger becomes infinite in 32 bits."""
NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
FIRST, LAST = dt.datetime(1677, 9, 22), dt.datetime(2262, 4, 11)  # noqa: DTZ001  as UTC
"""Between them lie the times that 64 bits of nanoseconds hold."""
LONGEST_SHOWN = 100


class Misfit(Exception):
    """A value is not what was expected; the text completes "feature 'x' "."""


def cell(value: Any, kind: str, *, required: bool) -> Any:
    """The value for a cell of one of MLflow's types, None where it is missing.

    Raises:
        Misfit: it does not fit.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if required and kind in LIMITS:
            raise Misfit(f"has no value, expected {EXPECTED[kind]}")
        return None
    found = READERS[kind](value)
    if found is None:
        raise Misfit(f"holds {shown(value)}, expected {EXPECTED[kind]}")
    return found


def shown(value: Any) -> str:
    """A value for a message, cut if it is long."""
    try:
        text = ascii(value) if isinstance(value, str) and not _encodes(value) else repr(value)
    except ValueError:
        return "a number of very many digits"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        if not NUMBER.fullmatch(value) or len(value) > LONGEST_SHOWN:
            return None
        try:
            return int(value)
        except ValueError:
            return float(value)
    return value if isinstance(value, int | float) else None


def _double(value: Any) -> float | None:
    number = _number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None


def _float(value: Any) -> float | None:
    number = _double(value)
    if number is None or LARGEST_FLOAT < abs(number) < math.inf:
        return None
    return number


def _whole(kind: str) -> Callable[[Any], int | None]:
    low, high = LIMITS[kind]

    def read(value: Any) -> int | None:
        number = _number(value)
        if number is None or (isinstance(number, float) and not number.is_integer()):
            return None
        whole = int(number)
        return whole if low <= whole <= high else None

    return read


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _string(value: Any) -> str | None:
    if isinstance(value, str):
        return value if _encodes(value) else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _binary(value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except (binascii.Error, ValueError):
        return None


def _datetime(value: Any) -> dt.datetime | None:
    if isinstance(value, str):
        if not TIME.fullmatch(value):
            return None
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else None
    if value is not None and value.tzinfo is not None:
        try:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        except OverflowError:
            return None
    return value if value is not None and FIRST <= value < LAST else None


READERS: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "integer": _whole("integer"),
    "long": _whole("long"),
    "float": _float,
    "double": _double,
    "string": _string,
    "binary": _binary,
    "datetime": _datetime,
}
