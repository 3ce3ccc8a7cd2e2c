"""Carries out what hooks are asked about before: that an item begins, or is deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection

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
from modelyard.governance.items import repository
from modelyard.governance.items.seeing import told
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.fields import ReferenceField
from modelyard.kernel.context import Context


def hooked(
    context: Context, event: Literal["create", "delete"], change: Callable[[Connection], Item]
) -> Item:
    """Carry a change out, once hooks have seen what becomes of the item while nothing is locked.

    A transaction finds that out, and is rolled back; another one changes the item if the same
    comes of it.

    Args:
        context: of whoever changes it.
        event: what hooks are asked about.
        change: changes the item as part of a transaction, and gives it as it is then.

    Raises:
        Blocked: a hook refuses it, or failed.
        Conflict: the item changed each time that hooks were asked.
    """
    heard = Heard("")
    for _ in range(1 + TRIES):
        try:
            with context.begin() as db:
                after = _heard_about(db, event, change(db), heard)
                answer = told(context, db, after)
        except Unheard as exc:
            unheard = exc
        else:
            for message in heard.messages:
                context.progress(message)
            return answer
        heard = ask(context, event, unheard)
    raise changed_too_often(unheard.item.id)


def _heard_about(
    db: Connection, event: Literal["create", "delete"], item: Item, heard: Heard
) -> Item:
    """The item with what hooks set, if they saw it as it is; else Unheard."""
    if item.template is None:
        return item
    template = templates.get(db, item.template, item.template_version).template
    if hooks_on(template, event) and heard.seen != mark_of(item):
        change = {"template": template.name, "version": template.version}
        raise Unheard(template, mark_of(item), item, change)
    for who, values in heard.fields:
        for name, value in values.items():
            if isinstance(template.field(name), ReferenceField):
                _require_there(db, who, name, value)
        changes = [Change(item.id, f"fields.{name}", None, value) for name, value in values.items()]
        record_all(db, who, changes)
        item = with_fields(item, values)
        repository.save(db, item)
    return item


def _require_there(db: Connection, who: str, name: str, value: str | list[str] | None) -> None:
    for each in value if isinstance(value, list) else [value] if value else []:
        if repository.find(db, each) is None:
            raise errors.Blocked(
                f"{who} failed, so nothing was changed: it sets {name}, and there is no {each}"
            )
