"""Carries changes of governed items out, once the hooks of their templates have been asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, true

from modelyard import errors
from modelyard.governance.hooks.calling import (
    TRIES,
    Heard,
    Unheard,
    ask,
    changed_too_often,
    hooks_on,
    mark_of,
    with_fields,
)
from modelyard.governance.items.collecting import bring
from modelyard.governance.items.seeing import require_visible, visible
from modelyard.governance.signoffs.desk import Desk, opened, put
from modelyard.governance.signoffs.filling import require_there
from modelyard.governance.signoffs.rights import Actor, actor_of
from modelyard.governance.templates.fields import Unfit
from modelyard.governance.templates.hooks import Event
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively

Change = Callable[[Connection, Desk, Actor], Desk]
"""What becomes of an item; asked again where the item changed meanwhile."""


@dataclass(frozen=True)
class Carried:
    """A change that was carried out."""

    desk: Desk
    actor: Actor
    messages: tuple[str, ...] = ()
    """What hooks said of it."""


def carried_out(
    context: Context,
    item: str,
    event: Literal["update", "signoff"],
    change: Change,
    finish: Callable[[Connection], None] | None = None,
) -> Carried:
    """Change an item, once its hooks have seen what becomes of it while nothing is locked.

    A transaction finds that out, and is rolled back; another one changes the item if it still is
    as hooks saw it.

    Args:
        context: of whoever changes it.
        item: its id.
        event: what hooks are asked about.
        change: says what becomes of it.
        finish: writes what else belongs to the change.

    Raises:
        Blocked: a hook refuses it, or failed.
        Conflict: the item changed each time that hooks were asked.
    """
    heard = Heard("")
    for _ in range(1 + TRIES):
        try:
            with _at_desk(context, item, alone=finish is not None) as (db, desk, actor):
                after = change(db, desk, actor)
                _require_heard(event, heard, desk, after)
                final = put(db, desk, after, actor.name)
                for who, values in heard.fields:
                    final = _set_by(db, final, who, values)
                if finish is not None:
                    finish(db)
                return Carried(final, actor, heard.messages)
        except Unheard as exc:
            unheard = exc
        heard = ask(context, event, unheard)
    raise changed_too_often(item)


@contextmanager
def _at_desk(
    context: Context, item: str, *, alone: bool
) -> Iterator[tuple[Connection, Desk, Actor]]:
    """An item as it is at this moment, which nobody else changes until the block is left.

    Nor does anybody take files away meanwhile, if it is `alone`.
    """
    seen = visible(context)
    with context.begin() as db:
        if alone:
            exclusively(db)
        found = bring(context, db, item)
        require_visible(db, item, seen)
        if found.gone is not None:
            raise errors.Conflict(f"what {item} is of was deleted, so nothing of it changes")
        yield db, opened(db, found, now()), actor_of(context, db, item)


def _require_heard(event: Event, heard: Heard, before: Desk, after: Desk) -> None:
    if hooks_on(before.template, event) and heard.seen != _mark(before):
        change = _differences(before, after)
        raise Unheard(before.template, _mark(before), after.item, change)


def _mark(desk: Desk) -> str:
    return mark_of(
        desk.item, {step: [each.number, each.status] for step, each in desk.rounds.items()}
    )


def _set_by(db: Connection, desk: Desk, who: str, values: Mapping[str, Any]) -> Desk:
    """Write down what a hook set, under its name."""
    for name, value in values.items():
        try:
            require_there(db, desk.item.id, desk.template.field(name), value, true())
        except Unfit as exc:
            raise errors.Blocked(
                f"{who} failed, so nothing was changed: it sets {name}, which {exc}"
            ) from None
    before = replace(desk, left=desk.rounds)
    return put(db, before, replace(before, item=with_fields(desk.item, values)), who)


def _differences(before: Desk, after: Desk) -> dict[str, Any]:
    """What is otherwise than it was, for hooks."""
    told: dict[str, Any] = {}
    for part in ("fields", "steps"):
        old, new = getattr(before.item, part), getattr(after.item, part)
        told[part] = {
            name: {"old": old.get(name), "new": new.get(name)}
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        }
    told["signoffs"] = {
        step: {"old": before.rounds[step].status, "new": each.status, "comment": each.comment}
        for step, each in after.rounds.items()
        if each != before.rounds[step]
    }
    return told
