"""Rows of nodes, and of their keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.deployments.nodes.types import RegisteredNode
from modelyard.kernel.paging import Page, Paged
from modelyard.store.database import upsert
from modelyard.store.paging import page
from modelyard.store.tables import node_keys, nodes

WITH_KEY = select(nodes.c.body, node_keys.c.secret).select_from(nodes.outerjoin(node_keys))


def add(db: Connection, node: RegisteredNode, key: str | None) -> None:
    """Insert a node; Conflict if its name is taken."""
    row = {"name": node.name, "kind": node.kind, "created": node.created, "body": _body(node)}
    try:
        db.execute(insert(nodes).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a node {node.name!r} already; take another name", field="name"
        ) from exc
    if key is not None:
        db.execute(insert(node_keys).values(node=node.name, secret=key))


def get(db: Connection, name: str, *, lock: bool = False) -> tuple[RegisteredNode, str | None]:
    """A node and its key, None where it is not known here; NotFound if there is no such node."""
    query = WITH_KEY.where(nodes.c.name == name)
    row = db.execute(query.with_for_update(of=nodes) if lock else query).one_or_none()
    if row is None:
        raise errors.NotFound.among("node", name, db.scalars(select(nodes.c.name)))
    return _node(row), row.secret


def exists(db: Connection, name: str) -> bool:
    """Whether there is such a node."""
    return db.scalar(select(nodes.c.name).where(nodes.c.name == name)) is not None


def every(db: Connection, asked: Paged) -> Page[RegisteredNode]:
    """The nodes by name."""
    return page(db, WITH_KEY, [nodes.c.name], asked, _node)


def identities(db: Connection) -> dict[str, str]:
    """The ids that nodes told, by their names here."""
    found = (_node(row) for row in db.execute(WITH_KEY))
    return {node.name: node.identity for node in found if node.identity}


def unidentified(db: Connection) -> list[str]:
    """The nodes that told no id yet, by name."""
    found = (_node(row) for row in db.execute(WITH_KEY.order_by(nodes.c.name)))
    return [node.name for node in found if not node.identity]


def same_as(db: Connection, kind: str, name: str, identity: str) -> str:
    """The name of another node of a kind that told the same id; empty: there is none."""
    others = db.execute(WITH_KEY.where(nodes.c.kind == kind, nodes.c.name != name))
    found = (each.name for row in others if (each := _node(row)).identity == identity != "")
    return next(found, "")


def names_of(db: Connection, name: str) -> list[str]:
    """All names here of the node that has one of them."""
    known = identities(db)
    mine = known.get(name)
    return [name, *(other for other, told in known.items() if told == mine and other != name)]


def save(db: Connection, node: RegisteredNode, key: str | None) -> None:
    """Write down what a node is now; a key of None stays as it is."""
    db.execute(update(nodes).where(nodes.c.name == node.name).values(body=_body(node)))
    if key is not None:
        row = {"node": node.name, "secret": key}
        db.execute(upsert(db, node_keys, row, otherwise={"secret": key}))


def remove(db: Connection, name: str) -> None:
    """Delete a node with its key."""
    db.execute(delete(nodes).where(nodes.c.name == name))


def _node(row: Any) -> RegisteredNode:
    found = RegisteredNode.model_validate_json(row.body)
    return found.model_copy(update={"has_key": row.secret is not None})


def _body(node: RegisteredNode) -> str:
    return node.model_dump_json(exclude={"has_key"})
