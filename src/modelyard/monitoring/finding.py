"""How checks and alerts are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from modelyard.kernel.context import Context
from modelyard.store.finding import Hit, Wanted, best_by_bodies
from modelyard.store.tables import alerts, checks


def find_checks(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, description, store, kind, and the metric or label that it looks at."""
    of = checks.c
    query = select(of.project, of.store, of.name, of.body).order_by(of.store)
    for rank, row, body in best_by_bodies(db, wanted, query, _said_of_check):
        about = body.get("description") or f"{_looks_at(body)}, in {row.store}"
        yield Hit(rank, row.name, row.project, store=row.store, about=about)


def find_alerts(_context: Context, db: Connection, wanted: Wanted) -> Iterator[Hit]:
    """By name, description and receiver, as far as that is shown."""
    of = alerts.c
    query = select(of.project, of.name, of.body)
    for rank, row, body in best_by_bodies(db, wanted, query, _said_of_alert):
        about = body.get("description") or f"{body.get('channel')} to {', '.join(_to(body))}"
        yield Hit(rank, row.name, row.project, about=about)


def _said_of_check(body: dict[str, Any]) -> str:
    told = (body.get("description"), body.get("store"), _looks_at(body))
    return " ".join(str(each) for each in told if each)


def _looks_at(body: dict[str, Any]) -> str:
    what = body.get("metric") or body.get("label")
    return f"{body.get('kind')} of {what}" if what else str(body.get("kind"))


def _said_of_alert(body: dict[str, Any]) -> str:
    return " ".join(map(str, (body.get("description"), body.get("channel"), *_to(body))))


def _to(body: dict[str, Any]) -> list[str]:
    return list(body.get("to") or ())
