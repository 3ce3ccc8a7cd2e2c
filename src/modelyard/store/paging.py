"""Reading long lists part by part, in the database: each part begins after the last one's keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, tuple_

from modelyard import errors
from modelyard.kernel.paging import Page, Paged
from modelyard.store.tables.columns import Moment

T = TypeVar("T")

WIDEST = 2**63


def page(
    db: Connection,
    query: Select[Any],
    by: Sequence[ColumnElement[Any]],
    asked: Paged,
    build: Callable[[Row[Any]], T],
    *,
    descending: bool = False,
    counted: bool = False,
) -> Page[T]:
    """The part of a query's rows that was asked for, in the order of `by`.

    The keys in `by` are never null, and no two rows have the same. Where `counted` says that this
    costs little, it is told which part it is, and of how many rows.

    Raises:
        Invalid: the cursor is of no part of this list.
    """
    keys, whole = tuple_(*by), query
    if asked.after is not None:
        last = tuple_(
            *(literal(v, k.type) for v, k in zip(_read(asked.after, by), by, strict=True))
        )
        query = query.where(keys < last if descending else keys > last)
    from_here = query
    query = query.order_by(*(key.desc() if descending else key for key in by))
    if asked.limit is not None:
        query = query.limit(asked.limit + 1)
    marked = query.add_columns(*(key.label(f"page_key_{place}") for place, key in enumerate(by)))
    rows = db.execute(marked).all()
    kept = rows if asked.limit is None else rows[: asked.limit]
    following = _write(kept[-1][-len(by) :], by) if len(kept) < len(rows) else None
    items = [build(row) for row in kept]
    if not counted or (asked.after is None and following is None):
        return Page(items, following=following)
    total = _count(db, whole)
    left = total if asked.after is None else _count(db, from_here)
    return Page(items, following=following, first=total - left + 1, total=total)


def _count(db: Connection, query: Select[Any]) -> int:
    counting = query.with_only_columns(func.count(), maintain_column_froms=True)
    return db.scalar(counting.order_by(None)) or 0


def searchable(*texts: str) -> str:
    """Texts as a column keeps them to be searched, whatever their letters' case."""
    return "\n".join(texts).casefold()


def matches(column: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Whether a searchable column contains a text."""
    return column.contains(wanted.casefold(), autoescape=True)


def _write(values: Sequence[Any], by: Sequence[ColumnElement[Any]]) -> str:
    parts = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([_mark(by), *parts], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(cursor: str, by: Sequence[ColumnElement[Any]]) -> list[Any]:
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        mark, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if mark == _mark(by):
            return [_value(part, key) for part, key in zip(parts, by, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise _unknown(cursor) from exc
    raise _unknown(cursor)


def _value(part: Any, key: ColumnElement[Any]) -> Any:
    kind = datetime if isinstance(key.type, Moment) else key.type.python_type
    value = datetime.fromisoformat(part).astimezone(UTC) if kind is datetime else part
    if not isinstance(value, kind) or (isinstance(value, int) and abs(value) >= WIDEST):
        raise ValueError(part)
    if isinstance(value, str) and "\0" in value:
        raise ValueError(part)
    return value


def _mark(by: Sequence[ColumnElement[Any]]) -> str:
    """A few letters that a cursor of another list, or of another order, does not have."""
    return hashlib.sha256(" ".join(map(str, by)).encode()).hexdigest()[:6]


def _unknown(cursor: str) -> errors.Invalid:
    return errors.Invalid(
        f"{cursor[:50]!r} is no cursor of this list; leave `after` out to begin at its start",
        faults=[{"field": "after", "problem": "is no cursor of this list"}],
    )
