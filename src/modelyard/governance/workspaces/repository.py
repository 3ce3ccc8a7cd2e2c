"""Rows of workspaces that are governed from here, and of what they tell."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.governance.items.facts import digest_of
from modelyard.governance.items.ids import parsed
from modelyard.governance.policies.types import PastDeployment
from modelyard.governance.workspaces.lateness import is_late
from modelyard.governance.workspaces.telling import placed_body, placed_past
from modelyard.governance.workspaces.types import ConnectedWorkspace, ToldItem, ToldUpdate
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import now
from modelyard.store.paging import page
from modelyard.store.tables import workspace_items, workspace_updates, workspaces

OF, TOLD, PAST = workspaces.c, workspace_items.c, workspace_updates.c
WARNING = "what is known of it is old: a worker has to run there, and reach this node"
COUNTED: Select[Any] = select(
    *(OF.name, OF.seen, OF.every, OF.version, OF.body),
    select(func.count()).where(TOLD.workspace == OF.name).scalar_subquery().label("items"),
)


def add(db: Connection, workspace: ConnectedWorkspace, sha256: str) -> None:
    """Insert a workspace; Conflict if its name is taken."""
    row = {"name": workspace.name, "sha256": sha256, "version": "", "body": _body(workspace)}
    try:
        db.execute(insert(workspaces).values(row))
    except IntegrityError as exc:
        raise errors.Conflict(
            f"there is a workspace {workspace.name!r} already; take another name, or give it "
            f"another key: modelyard workspaces rekey {workspace.name}",
            field="name",
        ) from exc


def get(db: Connection, name: str, *, lock: bool = False) -> ConnectedWorkspace:
    """Look a workspace up; NotFound if there is none."""
    query = COUNTED.where(OF.name == name)
    row = db.execute(query.with_for_update(of=workspaces) if lock else query).one_or_none()
    if row is None:
        raise errors.NotFound.among("workspace", name, db.scalars(select(OF.name)))
    return _workspace(row)


def every(db: Connection, asked: Paged) -> Page[ConnectedWorkspace]:
    """Workspaces by name."""
    return page(db, COUNTED, [OF.name], asked, _workspace)


def rekey(db: Connection, name: str, sha256: str) -> None:
    """Put another key in place of the one that it has."""
    db.execute(update(workspaces).where(OF.name == name).values(sha256=sha256))


def remove(db: Connection, name: str) -> None:
    """Delete a workspace with what it told."""
    db.execute(delete(workspaces).where(OF.name == name))


def heard(db: Connection, name: str, **said: str | float | None) -> None:
    """Write down that a workspace was heard, and what it said of itself."""
    db.execute(update(workspaces).where(OF.name == name).values(seen=now(), **said))


def marks(db: Connection, workspace: str) -> dict[str, str]:
    """The mark of each item that a workspace told of."""
    query = select(TOLD.item, TOLD.mark).where(TOLD.workspace == workspace)
    return {row.item: row.mark for row in db.execute(query)}


def put(db: Connection, workspace: str, items: Iterable[ToldItem]) -> None:
    """Write down how items are, in place of how they were."""
    rows = [_row(workspace, each) for each in items]
    drop(db, workspace, [row["item"] for row in rows])
    if rows:
        db.execute(insert(workspace_items), rows)


def drop(db: Connection, workspace: str, items: Collection[str]) -> None:
    """Forget items that are no longer there."""
    mine = (TOLD.workspace == workspace) & TOLD.item.in_(items)
    db.execute(delete(workspace_items).where(mine))


def update_marks(db: Connection, workspace: str) -> dict[str, str]:
    """The mark of each update of a deployment that a workspace told of."""
    query = select(PAST.update, PAST.mark).where(PAST.workspace == workspace)
    return {row.update: row.mark for row in db.execute(query)}


def put_updates(db: Connection, workspace: str, updates: Sequence[ToldUpdate]) -> None:
    """Write down what was deployed, in place of what was known of that."""
    drop_updates(db, workspace, [each.update for each in updates])
    rows = [
        {
            "workspace": workspace,
            "update": each.update,
            "mark": each.mark,
            "began": each.past.at,
            "body": placed_past(workspace, each.past).model_dump_json(),
        }
        for each in updates
    ]
    if rows:
        db.execute(insert(workspace_updates), rows)


def drop_updates(db: Connection, workspace: str, updates: Collection[str]) -> None:
    """Forget updates that are no longer there."""
    mine = (PAST.workspace == workspace) & PAST.update.in_(updates)
    db.execute(delete(workspace_updates).where(mine))


def updates_since(db: Connection, moment: datetime) -> list[tuple[str, PastDeployment]]:
    """What began since a moment, with the workspace that told of it; all as it is called here."""
    query = select(PAST.workspace, PAST.body).where(PAST.began >= moment)
    rows = db.execute(query.order_by(PAST.workspace, PAST.update))
    return [(row.workspace, PastDeployment.model_validate_json(row.body)) for row in rows]


def alike(db: Connection, workspace: str, item: str, files: str) -> list[tuple[str, str]]:
    """Versions of other workspaces that are called alike and have the same files, with these."""
    _, path = parsed(item)
    query = select(TOLD.workspace, TOLD.item).where(
        TOLD.files == files, TOLD.kind == "version", TOLD.workspace != workspace
    )
    rows = db.execute(query.order_by(TOLD.workspace, TOLD.item))
    return [(row.workspace, row.item) for row in rows if parsed(row.item)[1][1:] == path[1:]]


def _row(workspace: str, told: ToldItem) -> dict[str, Any]:
    kind, _ = parsed(told.item)
    bodies = {
        name: placed_body(workspace, name, section.body) for name, section in told.sections.items()
    }
    marks = {
        name: [digest_of(bodies[name])[:32], list(section.bound), section.readers]
        for name, section in told.sections.items()
    }
    files = bodies.get("version", {}).get("digest") if kind == "version" else ""
    return {
        "workspace": workspace,
        "item": told.item,
        "kind": kind,
        "files": files[:64] if isinstance(files, str) else "",
        "mark": told.mark,
        "marks": json.dumps(marks),
        "facts": json.dumps(bodies),
        "evidence": json.dumps(told.evidence),
    }


def _workspace(row: Row[Any]) -> ConnectedWorkspace:
    found = ConnectedWorkspace.model_validate_json(row.body)
    late = None not in (row.seen, row.every) and is_late(row.seen, row.every)
    told = {name: getattr(row, name) for name in ("items", "seen", "every", "version")}
    return found.model_copy(update=told | {"late": late, "warning": WARNING if late else ""})


def _body(workspace: ConnectedWorkspace) -> str:
    apart = {"items", "seen", "every", "late", "warning", "version", "key"}
    return workspace.model_dump_json(exclude=apart)
