"""The chain of the audit log: every entry holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from modelyard.store.tables import audit_entries, audit_head

GENESIS = "0" * 64
"""What the first entry has before it."""
COLUMNS = ("number", "actor", "action", "project", "outcome")
"""The parts of an entry that are columns too, to be searched."""

HEAD = select(audit_head.c.number, audit_head.c.sha256).with_for_update()
ADD = insert(audit_entries)
MOVE = update(audit_head).values(number=bindparam("last"), sha256=bindparam("hash"))


def canonical(content: dict[str, Any]) -> str:
    """An entry as the text that is hashed: whatever reads it back writes the same."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def link(previous: str, body: str) -> str:
    """The hash of an entry that follows another."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def append(db: Connection, entry: dict[str, Any]) -> None:
    """Add an entry at the end; whoever else appends waits for the end of this transaction."""
    head = db.execute(HEAD).one()
    numbered = {**entry, "number": head.number + 1}
    body = canonical(numbered)
    sha256 = link(head.sha256, body)
    row = {name: numbered[name] for name in COLUMNS}
    row["started"] = datetime.fromisoformat(entry["started"])
    db.execute(ADD, {**row, "body": body, "previous": head.sha256, "sha256": sha256})
    db.execute(MOVE, {"last": head.number + 1, "hash": sha256})
