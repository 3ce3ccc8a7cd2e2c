"""The tables of a new database, made at once instead of step by step."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from modelyard.kernel.values import now
from modelyard.store.migrations import HEAD, revisions
from modelyard.store.tables import audit_head, infrastructures, item_events_head, metadata, projects


def make_tables(db: Connection) -> None:
    """Make what all migrations together make in an empty database, with its first rows."""
    metadata.create_all(db, checkfirst=False)
    revisions.create(db, checkfirst=True)  # going down to the base leaves it
    db.execute(insert(revisions).values(version_num=HEAD))
    made = now()
    db.execute(insert(projects).values(key="default", description="", created=made))
    local = {"stage": "development", "driver": "local", "everybody": "deploy", "body": "{}"}
    local |= {"created_by": "modelyard"}
    for kind in ("api", "project"):
        row = {"name": f"local-{kind}", "kind": kind, "created": made, "changed": made, **local}
        db.execute(insert(infrastructures).values(row))
    for head in (audit_head, item_events_head):
        db.execute(insert(head).values(id=1, number=0, sha256="0" * 64))
