"""Chains: tables in which every entry holds the hash of the one before it.

An entry is hashed by its *leaf*, the hash of its content, and by what it is *about*, blinded by its
number. So whoever is shown all leaves and blinds, but only the contents about one thing, can count
the chain through to its head, and sees that nothing about that thing was left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
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
    subject: str = ""
    """The part that says what an entry is about; empty: none does."""

    def blind(self, entry: Mapping[str, Any]) -> str:
        """What an entry is about, as others are shown it."""
        return blinded(entry["number"], str(entry.get(self.subject, "")))


def canonical(content: dict[str, Any]) -> str:
    """An entry as the text that is hashed: whatever reads it back writes the same."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def content_of(body: str) -> dict[str, Any]:
    """What an entry says; nothing where somebody wrote what is no entry."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def leaf_of(body: str) -> str:
    """The hash of the content of an entry."""
    return _sha256(body)


def blinded(number: int, subject: str) -> str:
    """What the entry of a number is about: others learn of it only whether it is what they name."""
    return _sha256(f"{number} {subject}")


def link(previous: str, blind: str, leaf: str) -> str:
    """The hash of an entry that follows another."""
    return _sha256(f"{previous}\n{blind}\n{leaf}")


def plain_link(previous: str, body: str) -> str:
    """The same of entries that were written before there were leaves."""
    return _sha256(f"{previous}\n{body}")


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
        linked = link(sha256, chain.blind(numbered), leaf_of(body))
        row |= {"body": body, "previous": sha256, "sha256": linked}
        rows.append(row)
        sha256 = row["sha256"]
    db.execute(insert(chain.entries), rows)
    db.execute(update(chain.head).values(number=number, sha256=sha256))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
