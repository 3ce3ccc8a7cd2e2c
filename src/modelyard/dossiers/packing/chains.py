"""Writing what proves the entries of a chain that concern an item."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from modelyard.dossiers.packing.proofs import line_of
from modelyard.dossiers.packing.types import ChainHead
from modelyard.governance.chains import Chain
from modelyard.governance.items.ids import parsed
from modelyard.governance.items.types import Item
from modelyard.governance.roles.access import Access
from modelyard.governance.roles.telling import tellable
from modelyard.store.tables import governed_items, item_events

AT_ONCE = 1000
Entry = dict[str, Any]


def write_chain(
    db: Connection,
    chain: Chain,
    shown: Path,
    proof: Path,
    concerns: Callable[[Entry], bool],
) -> tuple[ChainHead, int]:
    """Write the entries that concern an item, and a line for every entry.

    Args:
        db: a transaction that sees one moment.
        chain: which one.
        shown: file of the contents.
        proof: file of the lines.
        concerns: whether an entry is shown.

    Returns:
        Where the chain ends, and how many entries are shown.
    """
    head = db.execute(select(chain.head.c.number, chain.head.c.sha256)).one()
    of, count = chain.entries.c, 0
    query = select(of.number, of.body, of.previous, of.sha256).order_by(of.number)
    with shown.open("w", encoding="utf-8") as out, proof.open("w", encoding="ascii") as lines:
        for row in db.execution_options(yield_per=AT_ONCE).execute(query):
            entry = json.loads(row.body)
            lines.write(line_of(chain, row, entry))
            if concerns(entry):
                out.write(f"{row.body}\n")
                count += 1
    return ChainHead(number=head.number, sha256=head.sha256), count


def told_of(db: Connection, access: Access, item: str) -> tuple[frozenset[int], tuple[int, ...]]:
    """The events of an item that somebody may be told, and the others, by their numbers."""
    of = item_events.c
    mine = set(db.scalars(select(of.number).where(of.item == item)))
    query = select(of.number).join(governed_items, governed_items.c.id == of.item)
    told = set(db.scalars(query.where(of.item == item, tellable(access, governed_items))))
    return frozenset(told), tuple(sorted(mine - told))


def entry_of(item: Item, evaluations: frozenset[str]) -> Callable[[Entry], bool]:
    """Which entries of the audit log concern an item.

    Those that name it; of a project all of it; of a version those that name its model and it, and
    those about its evaluations; of others those that name them by their kind.
    """
    kind, path = parsed(item.id)
    name = path[-1]

    def concerns(entry: Entry) -> bool:
        given, action = entry.get("arguments"), str(entry.get("action"))
        told: Entry = given if isinstance(given, dict) else {}
        if told.get("item") == item.id:
            return True
        room = action.partition(".")[0]
        if len(path) > 1 and entry.get("project") != path[0]:
            return False
        if kind == "project":
            return bool(entry.get("project") == name)
        if kind == "version":
            is_it = told.get("model") == path[1] and told.get("version") == name
            return is_it or (room == "evaluations" and told.get("id") in evaluations)
        if kind in ("initiative", "governed-project"):
            return action == "govern.create" and told.get("name") == name
        return told.get(kind) == name or (room == f"{kind}s" and told.get("name") == name)

    return concerns
