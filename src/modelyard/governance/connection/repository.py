"""Rows of the connection to a govern node, and of what it told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, func, insert, select, update

from modelyard.governance.connection.types import GovernNode
from modelyard.governance.policies.types import Mode
from modelyard.governance.workspaces.lateness import is_late
from modelyard.governance.workspaces.types import ItemStatus
from modelyard.kernel.values import now
from modelyard.store.database import upsert
from modelyard.store.tables import govern_node_keys, govern_nodes, set_aside, told_statuses

OF, KEYS, TOLD, ASIDE = govern_nodes.c, govern_node_keys.c, told_statuses.c, set_aside.c
ONE = 1
"""The id of the only row."""
WARNING = (
    "what either side knows of the other is old: a worker has to run here, "
    "modelyard serve or modelyard worker"
)
KEPT_APART = {
    *("has_key", "synced", "late", "warning", "problem", "modes", "items", "set_aside"),
}


def find(db: Connection, *, every: float = 0) -> GovernNode | None:
    """The govern node; None: things are governed here.

    Args:
        db: an open transaction.
        every: seconds after which it is asked again, which say when it is late.
    """
    query = select(govern_nodes, KEYS.secret).outerjoin(govern_node_keys)
    row = db.execute(query).one_or_none()
    if row is None:
        return None
    node = GovernNode.model_validate_json(row.body)
    late = is_late(row.synced or node.connected, every)
    return node.model_copy(
        update={
            "has_key": row.secret is not None,
            "synced": row.synced,
            "late": late,
            "warning": WARNING if late and not row.problem else "",
            "problem": row.problem,
            "modes": json.loads(row.modes),
            "items": db.scalar(select(func.count()).select_from(told_statuses)),
            "set_aside": db.scalar(select(func.count()).select_from(set_aside)),
        }
    )


def key_of(db: Connection) -> str | None:
    """The key of this workspace there; None: it is not known here."""
    return db.scalar(select(KEYS.secret))


def put(db: Connection, node: GovernNode, key: str) -> None:
    """Write down where things are governed, and the key that is shown there."""
    body = node.model_dump_json(exclude=KEPT_APART)
    row = {"id": ONE, "body": body, "synced": None, "problem": "", "modes": "{}"}
    db.execute(upsert(db, govern_nodes, row, otherwise={"body": body, "problem": ""}))
    secret = {"node": ONE, "secret": key}
    db.execute(upsert(db, govern_node_keys, secret, otherwise={"secret": key}))


def remove(db: Connection) -> None:
    """Forget the govern node, and what it told."""
    db.execute(delete(told_statuses))
    db.execute(delete(govern_nodes))


def heard(db: Connection, modes: dict[str, Mode]) -> None:
    """Write down that both know the same, and what policies do where."""
    values = {"synced": now(), "problem": "", "modes": json.dumps(modes)}
    db.execute(update(govern_nodes).values(values))


def heard_mode(db: Connection, infrastructure: str, mode: Mode) -> None:
    """Write down what policies do on an infrastructure."""
    text = db.scalar(select(OF.modes).with_for_update())
    if text is not None:
        modes = json.loads(text) | {infrastructure: mode}
        db.execute(update(govern_nodes).values(modes=json.dumps(modes)))


def failed(db: Connection, problem: str) -> None:
    """Write down why it was not heard."""
    db.execute(update(govern_nodes).values(problem=problem))


def marks(db: Connection) -> dict[str, str]:
    """The mark of each status that was told, by item."""
    return {row.item: row.mark for row in db.execute(select(TOLD.item, TOLD.mark))}


def status_of(db: Connection, item: str) -> ItemStatus | None:
    """What was last told of an item; None: nothing yet."""
    body = db.scalar(select(TOLD.body).where(TOLD.item == item))
    return None if body is None else ItemStatus.model_validate_json(body)


def put_statuses(db: Connection, told: Iterable[tuple[ItemStatus, str]]) -> None:
    """Write down what was told, each with its mark."""
    rows = [
        {"item": status.item, "mark": mark, "body": status.model_dump_json()}
        for status, mark in told
    ]
    drop_statuses(db, [str(row["item"]) for row in rows])
    if rows:
        db.execute(insert(told_statuses), rows)


def drop_statuses(db: Connection, items: Collection[str]) -> None:
    """Forget what was told of some items."""
    db.execute(delete(told_statuses).where(TOLD.item.in_(items)))


def put_aside(db: Connection, layers: dict[str, str]) -> None:
    """Keep what was decided about items here."""
    if layers:
        rows = [{"item": item, "body": body} for item, body in layers.items()]
        db.execute(insert(set_aside), rows)


def take_back(db: Connection) -> dict[str, str]:
    """Give what was set aside, which is kept no more."""
    found = {row.item: row.body for row in db.execute(select(set_aside))}
    db.execute(delete(set_aside))
    return found
