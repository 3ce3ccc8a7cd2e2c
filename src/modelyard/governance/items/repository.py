"""Rows of governed items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, update

from modelyard import errors
from modelyard.governance.items.facts import digest_of
from modelyard.governance.items.ids import Kind, id_of, project_of
from modelyard.governance.items.merging import Kept, Marks, read, written
from modelyard.governance.items.types import Item, ItemSummary, State
from modelyard.governance.roles.values import note
from modelyard.store.paging import searchable
from modelyard.store.tables import governed_items

SUMMARY = tuple(ItemSummary.model_fields)
JSON = ("facts", "fields", "steps")
COLUMNS = (*SUMMARY, "digest", *JSON)
HOLDING: tuple[Kind, ...] = ("project", "model", "initiative", "governed-project")
"""Kinds of items that others may belong to."""
AT_ONCE = 1000
"""Items that one query is about."""
BESIDE = (governed_items.c.marks, governed_items.c.readers)


def get(db: Connection, item: str, *, lock: bool = False) -> Item:
    """Look an item up.

    Args:
        db: an open transaction.
        item: its id.
        lock: whether nobody else is to change it before the end of the transaction.

    Raises:
        NotFound: there is none; the message names some of its project that are called alike.
    """
    found = find(db, item, lock=lock)
    if found is None:
        of, kind = governed_items.c, item.partition(":")[0]
        query = select(of.id).where(of.kind == kind, of.project == project_of(item))
        known = db.scalars(query.where(of.gone.is_(None), of.readers == ""))
        raise errors.NotFound.among("item", item, known)
    return found


def find(db: Connection, item: str, *, lock: bool = False) -> Item | None:
    """The same; None if there is none."""
    columns = [governed_items.c[name] for name in COLUMNS]
    query = select(*columns).where(governed_items.c.id == item)
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else built(row)


def kept(db: Connection, about: Iterable[str], *, lock: bool = False) -> dict[str, Kept]:
    """Items with what is kept beside them, by their ids; those that are not there are left out."""
    columns = (*(governed_items.c[name] for name in COLUMNS), *BESIDE)
    query = select(*columns).where(governed_items.c.id.in_(list(about)))
    rows = db.execute(query.with_for_update() if lock else query)
    return {row.id: Kept(built(row), read(row.marks), _groups(row.readers)) for row in rows}


def seen(db: Connection, about: Collection[str] | None) -> Iterator[tuple[str, Marks, bool]]:
    """Of items, or of all of them, the marks of their facts and whether they are gone."""
    query = select(governed_items.c.id, governed_items.c.marks, governed_items.c.gone)
    if about is not None:
        query = query.where(governed_items.c.id.in_(list(about)))
    for row in db.execute(query):
        yield row.id, read(row.marks), row.gone is not None


def put(db: Connection, found: Collection[Kept], known: Container[str]) -> None:
    """Write down what items are now, with all that is kept beside them.

    Args:
        db: an open transaction.
        found: the items.
        known: ids of those that there are already.
    """
    rows = [_whole(each) for each in found]
    new = [row for row in rows if row["id"] not in known]
    changed = [{**row, "item": row.pop("id")} for row in rows if row["id"] in known]
    if new:
        db.execute(insert(governed_items), new)
    if changed:
        named: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name != "item"}
        query = update(governed_items).where(governed_items.c.id == bindparam("item"))
        db.execute(query.values(named), changed)
    note(db, ((each.item.id, each.item.fields, each.item.steps) for each in found))


def ids_of(db: Connection, about: Collection[str], seen: ColumnElement[bool]) -> set[str]:
    """Those of some items that meet a condition."""
    of, wanted = governed_items.c, list(about)
    found: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        found.update(db.scalars(select(of.id).where(of.id.in_(part), seen)))
    return found


def states(db: Connection, about: Collection[str]) -> dict[str, str]:
    """Of each of some items a digest of its row: of its marks, its fields, its steps and state."""
    of, wanted = governed_items.c, list(about)
    columns = (of.digest, of.marks, of.fields, of.steps, of.state, of.template, of.template_version)
    found = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        for row in db.execute(select(of.id, *columns).where(of.id.in_(part))):
            item, *told = row
            text = json.dumps(told).encode()
            found[item] = hashlib.blake2b(text, digest_size=16).hexdigest()
    return found


def own(kind: Kind, name: str, description: str, at: datetime) -> Item:
    """An item that people make here; what rooms tell of others is what they say of it."""
    return Item(
        id=id_of(kind, name),
        kind=kind,
        name=name,
        digest=digest_of({}),
        facts={kind: {"description": description}},
        created=at,
        changed=at,
    )


def put_own(db: Connection, item: Item, *, is_new: bool) -> None:
    """Write such an item down, in place of one that is gone if there was one of its name."""
    put(db, [Kept(item, {})], known=() if is_new else (item.id,))


def standing(db: Connection) -> dict[str, tuple[str, State, str]]:
    """Of what others may belong to: its id, its state, and whence that is."""
    of = governed_items.c
    query = select(of.id, of.state, of.state_from).where(of.kind.in_(HOLDING), of.gone.is_(None))
    return {row.id: (row.id, row.state, row.state_from) for row in db.execute(query)}


def undecided(
    db: Connection, states: Iterable[State]
) -> Iterator[tuple[str, State, str, str | None]]:
    """Id, state, whence that is, and parent of the items that are in some states."""
    of = governed_items.c
    query = select(of.id, of.state, of.state_from, of.parent)
    for row in db.execute(query.where(of.state.in_(list(states)), of.gone.is_(None))):
        yield row.id, row.state, row.state_from, row.parent


def holders(db: Connection, kinds: Iterable[Kind]) -> Iterator[str]:
    """The ids of the items of some kinds to which others belong by what they are."""
    of = governed_items.c
    query = select(of.id).where(of.kind.in_(list(kinds)), of.gone.is_(None))
    yield from db.scalars(query)


def of_project(db: Connection, project: str) -> list[str]:
    """The ids of the items of a project, those that are there."""
    of = governed_items.c
    return list(db.scalars(select(of.id).where(of.project == project, of.gone.is_(None))))


def below(db: Connection, item: str) -> list[Item]:
    """All that belongs to an item, and to what belongs to it, locked until the end."""
    found: list[Item] = []
    parents = [item]
    while parents:
        query = select(*(governed_items.c[name] for name in COLUMNS))
        query = query.where(governed_items.c.parent.in_(parents), governed_items.c.gone.is_(None))
        children = [built(row) for row in db.execute(query.with_for_update())]
        found += children
        parents = [each.id for each in children]
    return found


def children(db: Connection, item: str) -> list[str]:
    """The ids of what belongs to an item, those that are there."""
    of = governed_items.c
    query = select(of.id).where(of.parent == item, of.gone.is_(None)).order_by(of.id)
    return list(db.scalars(query))


def save(db: Connection, item: Item) -> None:
    """Write down what an item is now; it has been looked up with a lock.

    What its rooms tell is left as it is: facts and digest are written by what collects them.
    """
    left = {"id", "kind", "facts", "digest"}
    row = {name: value for name, value in _columns(item).items() if name not in left}
    db.execute(update(governed_items).where(governed_items.c.id == item.id).values(row))
    note(db, [(item.id, item.fields, item.steps)])


def built(row: Row[Any]) -> Item:
    """An item of its row."""
    told = {name: getattr(row, name) for name in (*SUMMARY, "digest")}
    return Item(**told, **{name: json.loads(getattr(row, name)) for name in JSON})


def _whole(kept: Kept) -> dict[str, Any]:
    item = kept.item
    own = item.facts.get(item.kind, {})
    said = [str(own[name]) for name in ("name", "description", "notes") if own.get(name)]
    return {
        **_columns(item),
        "marks": written(kept.marks),
        "readers": "" if kept.readers is None else "\n".join(("", *kept.readers, "")),
        "searched": searchable(item.id, *said),
    }


def _groups(readers: str) -> tuple[str, ...] | None:
    return tuple(filter(None, readers.split("\n"))) if readers else None


def _columns(item: Item) -> dict[str, Any]:
    told = {name: getattr(item, name) for name in (*SUMMARY, "digest")}
    return told | {name: json.dumps(getattr(item, name), sort_keys=True) for name in JSON}
