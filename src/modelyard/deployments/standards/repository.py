"""Rows of standards, which change those that are built in or add to them, and of reports."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.standards.built_in import BUILT_IN
from modelyard.deployments.standards.types import Standard, StandardReport
from modelyard.store.database import upsert
from modelyard.store.tables import standard_reports, standards


def every(db: Connection) -> list[Standard]:
    """All standards: those that are built in, as somebody changed them, then others by name."""
    rows = db.scalars(select(standards.c.body).order_by(standards.c.name))
    kept = {each.name: each for each in map(Standard.model_validate_json, rows)}
    built_in = {name: kept.pop(name, _built_in(name)) for name in BUILT_IN}
    return [*built_in.values(), *kept.values()]


def get(db: Connection, name: str) -> Standard:
    """Look a standard up; NotFound if there is none."""
    known = {each.name: each for each in every(db)}
    if name not in known:
        raise errors.NotFound.among("standard", name, known)
    return known[name]


def add(db: Connection, standard: Standard) -> None:
    """Insert one; Conflict if its name is taken, also by one that is built in."""
    taken = errors.Conflict(
        f"there is a standard {standard.name!r} already; take another name", field="name"
    )
    if standard.name in BUILT_IN:
        raise taken
    try:
        db.execute(insert(standards).values(name=standard.name, body=standard.model_dump_json()))
    except IntegrityError as exc:
        raise taken from exc


def save(db: Connection, standard: Standard) -> None:
    """Write down what a standard is now."""
    row = {"name": standard.name, "body": standard.model_dump_json()}
    db.execute(upsert(db, standards, row, row))


def remove(db: Connection, name: str) -> None:
    """Delete one that somebody wrote."""
    db.execute(delete(standards).where(standards.c.name == name))


def keep(db: Connection, report: StandardReport) -> None:
    """Write down the report of a project, in place of the one before."""
    row = {"project": report.project, "body": report.model_dump_json()}
    db.execute(upsert(db, standard_reports, row, row))


def report_of(db: Connection, project: str) -> StandardReport | None:
    """The report of a project; None: nobody asked yet."""
    of = standard_reports.c
    body = db.scalar(select(of.body).where(of.project == project))
    return None if body is None else StandardReport.model_validate_json(body)


def forget_project(db: Connection, project: str) -> None:
    """Forget the report of a project."""
    db.execute(delete(standard_reports).where(standard_reports.c.project == project))


def _built_in(name: str) -> Standard:
    found = BUILT_IN[name]
    return Standard(
        name=name, kind="built_in", description=found.description, severity=found.severity
    )
