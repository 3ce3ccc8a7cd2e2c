"""What waits for somebody."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from modelyard.governance.roles.access import Access
from modelyard.governance.signoffs import repository
from modelyard.governance.signoffs.rights import Actor
from modelyard.governance.signoffs.types import Round, Task


def tasks_of(db: Connection, access: Access) -> list[Task]:
    """The sign-offs that wait for somebody, the longest first.

    Those of others in whose place an admin could act are not among them.
    """
    waiting = repository.waiting(db, access.visible())
    holders = access.on(db, {item for item, _ in waiting})
    found = [
        task
        for (item, step), signoff in waiting.items()
        for task in tasks_in(Actor(holders[item]), item, step, signoff)
    ]
    return sorted(found, key=lambda task: (task.since, task.item, task.step))


def tasks_in(actor: Actor, item: str, step: str, signoff: Round) -> list[Task]:
    """What one sign-off asks of somebody."""
    told: dict[str, Any] = {"item": item, "step": step, "requested_by": signoff.requested_by}
    told["since"] = signoff.requested
    if signoff.status == "WAITING_FOR_APPROVAL":
        may = actor.is_asked(signoff, None) and not signoff.bars(actor.name)
        return [Task(**told, asked="approval")] if may else []
    if signoff.status != "WAITING_FOR_FEEDBACK":
        return []
    given = {each.group for each in signoff.opinions if each.by == actor.name}
    return [
        Task(**told, asked="feedback", group=each.id)
        for each in signoff.plan.feedback
        if each.id not in given and actor.is_asked(signoff, each.id)
    ]
