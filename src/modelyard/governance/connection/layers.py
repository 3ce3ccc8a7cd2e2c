"""What governance keeps on items here: set aside while a govern node decides, and as that says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from modelyard.governance.connection import repository
from modelyard.governance.items import repository as items
from modelyard.governance.items.deciding import changes
from modelyard.governance.items.ids import OWN
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item
from modelyard.governance.workspaces.types import ItemStatus
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items

LAYER = ("state", "state_from", "template", "template_version", "status", "fields", "steps")
TOLD = ("state", "state_from", "template", "template_version", "status")
NOTHING: dict[str, Any] = {
    "state": "new",
    "state_from": "",
    "template": None,
    "template_version": None,
    "status": "",
    "fields": {},
    "steps": {},
}


def set_aside(db: Connection, who: str) -> None:
    """Keep what was decided about items here, and let them be as if nothing was."""
    of = governed_items.c
    decided = select(of.id).where(of.state != "new", of.gone.is_(None), of.kind.not_in(OWN))
    found = [kept.item for kept in items.kept(db, list(db.scalars(decided)), lock=True).values()]
    repository.put_aside(db, {item.id: json.dumps(dict(_layer_of(item))) for item in found})
    _write(db, ((item, NOTHING) for item in found), who)


def bring_back(db: Connection, who: str) -> None:
    """Let items be as they were when they were set aside; what is another one by now stays new."""
    before = {item: json.loads(body) for item, body in repository.take_back(db).items()}
    of = governed_items.c
    decided = select(of.id).where(of.state != "new", of.gone.is_(None), of.kind.not_in(OWN))
    about = {*before, *db.scalars(decided)}
    found = [kept.item for kept in items.kept(db, about, lock=True).values()]
    _write(db, ((item, _kept(before.get(item.id), item)) for item in found if not item.gone), who)


def take_over(db: Connection, told: Iterable[ItemStatus], who: str) -> frozenset[str]:
    """Let items be as their govern node says; gives those that are known here."""
    by_item = {status.item: {name: getattr(status, name) for name in TOLD} for status in told}
    found = [kept.item for kept in items.kept(db, by_item, lock=True).values()]
    _write(db, ((item, by_item[item.id]) for item in found if not item.gone), who)
    return frozenset(item.id for item in found)


def forget(db: Connection, about: Iterable[str], who: str) -> None:
    """Let items be as if nothing was decided about them."""
    found = [kept.item for kept in items.kept(db, list(about), lock=True).values()]
    _write(db, ((item, NOTHING) for item in found if not item.gone), who)


def _write(db: Connection, wanted: Iterable[tuple[Item, dict[str, Any]]], who: str) -> None:
    at = now()
    told: list[Change] = []
    for before, layer in wanted:
        after = before.model_copy(update=layer)
        if after != before:
            told += _changes(before, after, at)
            items.save(db, after.model_copy(update={"changed": at}))
    record_all(db, who, told)


def _changes(before: Item, after: Item, at: datetime) -> Iterator[Change]:
    yield from changes(before, after, at)
    if before.status != after.status:
        yield Change(after.id, "status", before.status, after.status, at)


def _layer_of(item: Item) -> Iterator[tuple[str, Any]]:
    yield "created", item.created.isoformat()
    yield from ((name, getattr(item, name)) for name in LAYER)


def _kept(layer: dict[str, Any] | None, item: Item) -> dict[str, Any]:
    """What was set aside of it, unless another one has its name by now."""
    if layer is None or layer["created"] != item.created.isoformat():
        return NOTHING
    return {name: layer[name] for name in LAYER}
