"""Whether the things of this workspace are governed on another node."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from modelyard.governance.policies.types import Enforced, Mode
from modelyard.store.tables import govern_nodes


def is_governed_elsewhere(db: Connection) -> bool:
    """Whether this workspace is connected with a govern node, so that nothing is decided here."""
    return govern_node_of(db) is not None


def mode_told(db: Connection, infrastructure: str) -> Mode | None:
    """What policies do on an infrastructure, as the govern node last said; None: there is none.

    What it never said is taken for the strictest.
    """
    modes = db.scalar(select(govern_nodes.c.modes))
    if modes is None:
        return None
    found: Mode = json.loads(modes).get(infrastructure, "prevent")
    return found


def enforced_elsewhere(db: Connection) -> list[Enforced] | None:
    """What is asked on infrastructures, as the govern node last said; None: there is none."""
    row = db.execute(select(govern_nodes)).one_or_none()
    if row is None:
        return None
    node = json.loads(row.body)
    told = {"changed": row.synced or node["connected"], "changed_by": node["url"]}
    modes = sorted(json.loads(row.modes).items())
    return [Enforced(infrastructure=name, mode=mode, **told) for name, mode in modes]


def govern_node_of(db: Connection) -> str | None:
    """The address of the govern node; None: things are governed here."""
    body = db.scalar(select(govern_nodes.c.body))
    return None if body is None else str(json.loads(body)["url"])
