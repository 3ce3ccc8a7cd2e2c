"""Whether the audit log is as it was written: entry by entry, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, func, select

from modelyard import errors
from modelyard.governance.audit_chain import COLUMNS, GENESIS, canonical, link
from modelyard.governance.types import AuditCheck
from modelyard.kernel.progress import Progress, silence
from modelyard.store.tables import audit_entries, audit_head

AT_ONCE = 1000
TOLD = 20
"""Faults that a message tells; all others are only counted."""


def check(db: Connection, kept: str | None, progress: Progress = silence) -> AuditCheck:
    """Read the whole log and compare each entry with its hash, its columns and its neighbours.

    Args:
        db: a transaction that reads.
        kept: the hash of an entry that was noted elsewhere; it has to be in the log.
        progress: hears how much of it is read.

    Raises:
        Failed: something was changed, removed, moved or cut off; the message names it.
    """
    faults: list[str] = []
    left_out = 0
    reader = _Reader(kept, progress)
    for fault in reader.read(db):
        if len(faults) < TOLD:
            faults.append(fault)
        else:
            left_out += 1
    if faults:
        more = f"; and {left_out} more" if left_out else ""
        raise errors.Failed(
            f"the audit log is not as it was written: {'; '.join(faults)}{more}. Compare it with a "
            "backup, and find out who can write to the database",
            faults=faults,
            left_out=left_out,
            entries=reader.entries,
        )
    return AuditCheck(entries=reader.entries, head=reader.previous, kept=reader.kept_at)


class _Reader:
    """Goes through the log from its first entry, and remembers the last one."""

    def __init__(self, kept: str | None, progress: Progress) -> None:
        self.kept = kept
        self.progress = progress
        self.kept_at: int | None = 0 if kept == GENESIS else None
        self.entries = 0
        self.number = 0
        self.previous = GENESIS
        self.doubted = False

    def read(self, db: Connection) -> Iterator[str]:
        """Every fault in words."""
        head = db.execute(select(audit_head)).one_or_none()
        end = head.number if head else 0
        while rows := _rows(db, self.number, end):
            for row in rows:
                yield from self._compare(row)
            read = f"compared {self.entries:,} entries"
            self.progress(read, fraction=min(self.number / end, 1))
        yield from self._compare_head(db, head)
        if self.kept is not None and self.kept_at is None:
            yield f"no entry has the hash {self.kept!r} that was kept elsewhere"

    def _compare(self, row: Row[Any]) -> Iterator[str]:
        missing = row.number - self.number - 1
        if missing:
            yield _missing(self.number + 1, row.number - 1)
        changed = _changes(row)
        if changed:
            yield f"entry {row.number} was changed: {changed}"
        elif row.previous != self.previous and not missing and not self.doubted:
            yield (
                f"entry {row.number} does not follow entry {row.number - 1}: that one was replaced"
            )
        self.doubted = bool(changed)
        self.entries += 1
        self.number, self.previous = row.number, row.sha256
        if row.sha256 == self.kept:
            self.kept_at = row.number

    def _compare_head(self, db: Connection, head: Row[Any] | None) -> Iterator[str]:
        if head is None:
            yield "the head of the log is gone"
        elif head.number > self.number:
            yield f"{_missing(self.number + 1, head.number)} (the end was cut off)"
        elif head.sha256 != self.previous:
            yield f"the head of the log does not belong to its last entry {self.number}"
        last = func.max(audit_entries.c.number)
        beyond = db.execute(
            select(select(last).scalar_subquery(), select(audit_head.c.number).scalar_subquery())
        ).one()
        if (beyond[0] or 0) > (beyond[1] or 0):
            yield f"entry {beyond[0]} was added after the end of the log"


def _rows(db: Connection, after: int, end: int) -> list[Row[Any]]:
    query = select(audit_entries).where(
        audit_entries.c.number > after, audit_entries.c.number <= end
    )
    return list(db.execute(query.order_by(audit_entries.c.number).limit(AT_ONCE)))


def _changes(row: Row[Any]) -> str:
    """What of an entry is not as its hash says."""
    if link(row.previous, row.body) != row.sha256:
        return "its content does not have its hash"
    content = _content(row.body)
    if content.get("number") != row.number:
        return f"it was entry {content.get('number')}"
    here = {name: getattr(row, name) for name in COLUMNS}
    here["started"] = row.started.astimezone(UTC).isoformat()
    wrong = [name for name, value in here.items() if content.get(name) != value]
    if canonical(content) != row.body:
        wrong.append("body")
    return f"{', '.join(wrong)} is not what its content says" if wrong else ""


def _content(body: str) -> dict[str, Any]:
    """What an entry says; nothing where somebody wrote what is no entry."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _missing(first: int, last: int) -> str:
    return (
        f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
    )
