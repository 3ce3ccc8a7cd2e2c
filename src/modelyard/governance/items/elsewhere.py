"""Whether the things of this workspace are governed on another node."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from modelyard.governance.policies.types import Mode
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


def govern_node_of(db: Connection) -> str | None:
    """The address of the govern node; None: things are governed here."""
    body = db.scalar(select(govern_nodes.c.body))
    return None if body is None else str(json.loads(body)["url"])
