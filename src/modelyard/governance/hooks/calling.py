"""Asks the hooks of a template about a change, one after another, before anything is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from modelyard import errors
from modelyard.governance.access import groups_of
from modelyard.governance.items.types import Item
from modelyard.governance.templates.fields import Unfit
from modelyard.governance.templates.hooks import FUNCTION, Event, Hook
from modelyard.governance.templates.types import Template
from modelyard.kernel.context import Context
from modelyard.kernel.values import Json, Value
from modelyard.runtime.functions import call_function, python_in, require_code_allowed

TASK, LOG = "govern", "governance-hooks.log"
TRIES = 3
"""How often hooks are asked about an item that changed meanwhile, before that is told."""
LONGEST = 500


class Said(Value):
    """What a hook returns."""

    fields: dict[str, Json] = {}
    message: str = Field(default="", max_length=10_000)
    refuse: str = Field(default="", max_length=10_000)


@dataclass(frozen=True)
class Heard:
    """What hooks said of a change."""

    seen: str
    """A mark of what they were told; of something else they said nothing."""
    fields: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Who sets which fields, for the timeline."""
    messages: tuple[str, ...] = ()


class Unheard(Exception):
    """Hooks have not been asked about a change, or about another one than it is by now."""

    def __init__(
        self, template: Template, seen: str, item: Item, change: Mapping[str, Any]
    ) -> None:
        super().__init__(item.id)
        self.template = template
        self.seen = seen
        self.item = item
        self.change = change


def hooks_on(template: Template, event: Event) -> list[Hook]:
    """Those that are asked about something."""
    return [hook for hook in template.hooks if event in hook.events]


def mark_of(item: Item, *more: Any) -> str:
    """What tells whether an item is still as hooks saw it."""
    told = item.model_dump(
        mode="json",
        include={"id", "state", "template", "template_version", "parent"}
        | {"digest", "fields", "steps"},
    )
    return hashlib.sha256(json.dumps([told, *more], sort_keys=True).encode()).hexdigest()


def ask(context: Context, event: Event, about: Unheard) -> Heard:
    """Ask the hooks of a template; each is told what those before it set.

    No transaction may be open: this takes as long as code takes.

    Args:
        context: of whoever changes it.
        event: what happens to an item.
        about: the item as it is to be, and what of that is otherwise.

    Raises:
        Blocked: a hook refuses it, failed, or said nothing that can be understood.
    """
    with context.read() as db:
        groups = sorted(groups_of(db, context.identity))
    by = {"name": context.identity.name, "kind": context.identity.kind, "groups": groups}
    template, item = about.template, about.item
    fields: list[tuple[str, dict[str, Any]]] = []
    messages: list[str] = []
    for hook in hooks_on(template, event):
        called = f"hook {hook.id} of {template.name} {template.version}"
        change = {"event": event, **about.change}
        told = {"item": item.model_dump(mode="json"), "change": change, "by": by}
        said = _said(context, hook, called, told)
        if said.refuse:
            raise errors.Blocked(f"{called} refuses this: {said.refuse[:LONGEST]}", hook=hook.id)
        if said.fields:
            values = _checked(template, event, called, said)
            item = with_fields(item, values)
            fields.append((called, values))
        if said.message:
            messages.append(f"{called}: {said.message[:LONGEST]}")
    return Heard(about.seen, tuple(fields), tuple(messages))


def with_fields(item: Item, values: Mapping[str, Any]) -> Item:
    """An item with other values; None: none."""
    fields = {**item.fields, **values}
    kept = {name: value for name, value in fields.items() if value is not None}
    return item.model_copy(update={"fields": kept})


def changed_too_often(item: str) -> errors.Conflict:
    """The error that an item is never as hooks saw it."""
    return errors.Conflict(
        f"{item} was changed by others each time its hooks were asked about this; try again"
    )


def _said(context: Context, hook: Hook, called: str, told: Mapping[str, Any]) -> Said:
    try:
        require_code_allowed(context, f"the {called}")
        found = call_function(
            context,
            TASK,
            {"code": hook.code, "name": called, "function": FUNCTION, "calls": [dict(told)]},
            {},
            seconds=hook.seconds,
            log=LOG,
            python=python_in(context, hook.env),
        )["results"][0]
    except errors.ModelyardError as exc:
        raise _failed(hook, called, exc.detail) from exc
    if "problem" in found:
        raise _failed(hook, called, found["problem"])
    try:
        return Said.model_validate({} if found["value"] is None else found["value"])
    except ValidationError:
        raise _failed(
            hook,
            called,
            f"it returned {json.dumps(found['value'])[:100]}; it may return nothing, or a dict "
            "with fields, message or refuse",
        ) from None


def _checked(template: Template, event: Event, called: str, said: Said) -> dict[str, Any]:
    """The values that a hook sets, as fields keep them."""
    kept: dict[str, Any] = {}
    for name, value in said.fields.items():
        field = template.field(name)
        problem: str | Literal[False] = False
        if event in ("delete", "signoff"):
            problem = f"it sets {name}, and nothing is set with a {event}"
        elif field is None:
            problem = f"it sets {name}, and the template has no such field"
        elif field.type == "file":
            problem = f"it sets {name}, and files are attached by people"
        else:
            try:
                kept[name] = field.checked(value)
            except Unfit as exc:
                problem = f"it sets {name}, which {exc}"
        if problem:
            raise errors.Blocked(f"{called} failed, so nothing was changed: {problem}")
    return kept


def _failed(hook: Hook, called: str, why: str) -> errors.Blocked:
    return errors.Blocked(f"{called} failed, so nothing was changed: {why}", hook=hook.id)
