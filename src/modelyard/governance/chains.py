"""Chains: tables in which every entry holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

GENESIS = "0" * 64
"""What the first entry has before it."""


@dataclass(frozen=True)
class Chain:
    """A table of entries with the table of its head."""

    called: str
    """In messages."""
    word: str
    """For one of its entries."""
    words: str
    entries: Table
    head: Table
    moment: str
    """The column that says when."""
    columns: tuple[str, ...]
    """The parts of an entry that are columns too, to be searched."""


def canonical(content: dict[str, Any]) -> str:
    """An entry as the text that is hashed: whatever reads it back writes the same."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def link(previous: str, body: str) -> str:
    """The hash of an entry that follows another."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def append(db: Connection, chain: Chain, entries: Iterable[dict[str, Any]]) -> None:
    """Add entries at the end; whoever else appends waits for the end of this transaction."""
    waiting = list(entries)
    if not waiting:
        return
    head = db.execute(select(chain.head.c.number, chain.head.c.sha256).with_for_update()).one()
    number, sha256 = head.number, head.sha256
    rows = []
    for entry in waiting:
        number += 1
        numbered = {**entry, "number": number}
        body = canonical(numbered)
        row = {name: numbered[name] for name in chain.columns}
        row[chain.moment] = datetime.fromisoformat(entry[chain.moment])
        row |= {"body": body, "previous": sha256, "sha256": link(sha256, body)}
        rows.append(row)
        sha256 = row["sha256"]
    db.execute(insert(chain.entries), rows)
    db.execute(update(chain.head).values(number=number, sha256=sha256))
