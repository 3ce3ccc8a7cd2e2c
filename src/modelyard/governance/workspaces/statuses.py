"""What became of the items of a workspace, as that is told."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, or_, select

from modelyard.governance.items.ids import KINDS, OWN, home_of
from modelyard.governance.policies import repository as policies
from modelyard.governance.policies.types import ClauseOutcome, Mode
from modelyard.governance.signoffs.machine import BOUND
from modelyard.governance.signoffs.repository import life_of
from modelyard.governance.templates.words import SignoffStatus
from modelyard.governance.workspaces.types import ItemStatus
from modelyard.kernel.paging import ALL
from modelyard.store.tables import governed_items, policy_outcomes, signoffs, workspace_items

OF, ON = governed_items.c, signoffs.c
TOLD = ("state", "state_from", "template", "template_version", "status", "changed")


def statuses_of(db: Connection, workspace: str) -> dict[str, ItemStatus]:
    """The status of each item of a workspace that is there, as it is called there."""
    signed, judged = _signoffs(db, workspace), _outcomes(db)
    query = select(OF.id, *(OF[name] for name in TOLD))
    found = {}
    for row in db.execute(query.where(_mine(workspace), OF.gone.is_(None))):
        _, item = home_of(row.id)
        told: dict[str, Any] = {name: getattr(row, name) for name in TOLD}
        told |= {"signoffs": signed.get(row.id, {}), "policies": judged.get(row.id, {})}
        found[item] = ItemStatus(item=item, **told)
    return found


def mark_of(status: ItemStatus) -> str:
    """A mark of a status: the same on both sides."""
    return hashlib.sha256(status.model_dump_json().encode()).hexdigest()[:16]


def modes_of(db: Connection, workspace: str) -> dict[str, Mode]:
    """What policies do, by the infrastructures of a workspace that are known here or decided on."""
    on = workspace_items.c
    query = select(on.item).where(on.workspace == workspace, on.kind == "infrastructure")
    modes: dict[str, Mode] = {item.partition(":")[2]: "no_check" for item in db.scalars(query)}
    for each in policies.every_enforced(db, ALL):
        where, _, name = each.infrastructure.partition(".")
        if where == workspace and name:
            modes[name] = each.mode
    return modes


def _signoffs(db: Connection, workspace: str) -> dict[str, dict[str, SignoffStatus]]:
    """Of each item its sign-offs by step; what is about another state of it has begun anew."""
    found: dict[str, dict[str, SignoffStatus]] = defaultdict(dict)
    signed = (ON.item, ON.step, ON.status, ON.life, ON.facts)
    query = select(*signed, OF.digest, OF.created, OF.template)
    query = query.join(governed_items, OF.id == ON.item)
    query = query.where(ON.current, OF.state == "governed", _mine(workspace))
    for row in db.execute(query.order_by(ON.item, ON.step)):
        if row.life == life_of(row.created, row.template):
            holds = row.status not in BOUND or row.facts == row.digest
            status = row.status if holds else "NOT_STARTED"
            found[row.item][row.step] = cast("SignoffStatus", status)
    return found


def _outcomes(db: Connection) -> dict[str, dict[str, ClauseOutcome]]:
    """What came last of policies, by item; they are asked of few."""
    found: dict[str, dict[str, ClauseOutcome]] = defaultdict(dict)
    of = policy_outcomes.c
    query = select(of.item, of.policy, of.outcome).order_by(of.item, of.policy)
    for row in db.execute(query):
        found[row.item][row.policy] = cast("ClauseOutcome", row.outcome)
    return found


def _mine(workspace: str) -> ColumnElement[bool]:
    """Items of a workspace."""
    kinds = [kind for kind in KINDS if kind not in OWN]
    return or_(*(OF.id.startswith(f"{kind}:{workspace}.", autoescape=True) for kind in kinds))
