"""How clauses say where and when something was found."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from modelyard.governance.policies.evidence import Evaluated


def ago(then: datetime, moment: datetime) -> str:
    """How many days before a moment something was."""
    days = (moment - then).days
    return "today" if days < 1 else "a day ago" if days == 1 else f"{days} days ago"


def where(evaluation: Evaluated, moment: datetime) -> str:
    """An evaluation: its dataset, its name, its age."""
    on = f" on {evaluation.dataset}" if evaluation.dataset else ""
    return f"{on}, {evaluation.name}, {ago(evaluation.created, moment)}"


def on_of(store: str | None, dataset: str | None) -> str:
    """To which evaluations a clause is narrowed."""
    on = f" on {dataset}" if dataset else ""
    return f"{on} in {store}" if store else on


def last_day(until: datetime) -> date:
    """The last day, in UTC, of what ends at a moment."""
    return (until - timedelta.resolution).date()
