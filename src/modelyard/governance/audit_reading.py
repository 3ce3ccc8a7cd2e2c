"""Reading the audit log: what is searched for, the newest first."""

from __future__ import annotations

import csv
import json
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select

from modelyard import errors
from modelyard.governance.types import AuditEntry, AuditFilter
from modelyard.kernel.paging import Page, Paged
from modelyard.store.paging import page
from modelyard.store.tables import audit_entries

AT_ONCE = 1000
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
FIELDS = tuple(AuditEntry.model_fields)


def listed(db: Connection, wanted: AuditFilter, asked: Paged) -> Page[AuditEntry]:
    """The entries that were asked for, the newest first."""
    return page(db, matching(wanted), [audit_entries.c.number], asked, entry_of, descending=True)


def get(db: Connection, number: int) -> AuditEntry:
    """Look an entry up by its number; NotFound if there is none."""
    query = select(audit_entries).where(audit_entries.c.number == number)
    row = db.execute(query).one_or_none()
    if row is None:
        raise errors.NotFound(f"there is no entry {number} in the audit log; see: audit list")
    return entry_of(row)


def write(db: Connection, wanted: AuditFilter, out: TextIO, *, as_csv: bool) -> int:
    """Write the entries that were asked for, the oldest first; says how many."""
    query = matching(wanted).order_by(audit_entries.c.number)
    rows = db.execution_options(yield_per=AT_ONCE).execute(query)
    table = csv.DictWriter(out, FIELDS)
    if as_csv:
        table.writeheader()
    count = 0
    for row in rows:
        entry = entry_of(row)
        if as_csv:
            table.writerow(_cells(entry))
        else:
            out.write(f"{entry.model_dump_json()}\n")
        count += 1
    return count


def _cells(entry: AuditEntry) -> dict[str, Any]:
    """An entry as cells of a table; none of them is a formula to a spreadsheet."""
    cells = entry.model_dump(mode="json")
    cells["arguments"] = json.dumps(cells["arguments"])
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
        for name, cell in cells.items()
    }


def matching(wanted: AuditFilter) -> Select[Any]:
    """The entries that were asked for."""
    return select(audit_entries).where(*_conditions(wanted))


def entry_of(row: Row[Any]) -> AuditEntry:
    """An entry as it is told."""
    return AuditEntry.model_validate({**json.loads(row.body), "sha256": row.sha256})


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    rows = audit_entries.c
    found: list[ColumnElement[bool]] = []
    if wanted.actor is not None:
        found.append(rows.actor == wanted.actor)
    if wanted.action is not None:
        inside = rows.action.startswith(f"{wanted.action}.", autoescape=True)
        found.append(or_(rows.action == wanted.action, inside))
    if wanted.project is not None:
        found.append(rows.project == wanted.project)
    if wanted.outcome == "refused":
        found.append(rows.outcome.in_(("unauthenticated", "forbidden")))
    elif wanted.outcome is not None:
        found.append(rows.outcome == wanted.outcome)
    if wanted.since is not None:
        found.append(rows.started >= wanted.since)
    if wanted.until is not None:
        found.append(rows.started < wanted.until)
    if wanted.text:
        escaped = json.dumps(wanted.text)[1:-1]  # as it stands in the body
        found.append(rows.body.icontains(escaped, autoescape=True))
    return found
