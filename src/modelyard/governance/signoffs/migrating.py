"""Bringing items from one version of their template to another, without losing what was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from modelyard import errors
from modelyard.governance.items.collecting import bring
from modelyard.governance.items.repository import get
from modelyard.governance.items.types import Item
from modelyard.governance.signoffs.commands import MigrateTemplate
from modelyard.governance.signoffs.desk import opened, put
from modelyard.governance.signoffs.types import Migrated, MigratedItem, Round
from modelyard.governance.signoffs.workflow import DONE
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.fields import Unfit
from modelyard.governance.templates.types import Move, Template
from modelyard.governance.templates.words import StepStatus
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.tables import governed_items

TOLD = 10
"""Items whose problems a refusal tells."""


@dataclass(frozen=True)
class Way:
    """From one version of a template to another."""

    template: Template
    move: Move

    def of_fields(self, before: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Values as they are then, and what is wrong with them."""
        fields: dict[str, Any] = {}
        problems: list[str] = []
        for old, value in before.items():
            name = self.move.fields.get(old, old)
            field = self.template.field(name)
            if old in self.move.drop:
                continue
            if field is None:
                problems.append(f"{old} has a value and no place; name it in fields or drop")
                continue
            try:
                fields[name] = field.checked(self._renamed(name, value))
            except Unfit as exc:
                problems.append(f"{name} {exc}")
        for name, value in self.move.fill.items():
            if fields.get(name) is None:
                fields[name] = self.template.field(name).checked(value)
        return {name: value for name, value in fields.items() if value is not None}, problems

    def _renamed(self, name: str, value: Any) -> Any:
        names = self.move.values.get(name, {})
        if isinstance(value, list):
            return [names.get(str(each), each) for each in value]
        return names.get(str(value), value)

    def of_steps(self, before: Mapping[str, StepStatus]) -> dict[str, StepStatus]:
        """Statuses as they are then: what is before the step that is under way is done."""
        called = {self.move.steps.get(old, old): status for old, status in before.items()}
        ids = [step.id for step in self.template.steps]
        done = [place for place, each in enumerate(ids) if called.get(each) in DONE]
        here = next((at for at, each in enumerate(ids) if called.get(each) == "ONGOING"), None)
        until = here if here is not None else max(done, default=-1) + 1
        after: dict[str, StepStatus] = {}
        for place, each in enumerate(ids):
            status = called.get(each, "NOT_STARTED")
            if place < until:
                after[each] = status if status in DONE else "SKIPPED"
            else:
                after[each] = "ONGOING" if place == here else "NOT_STARTED"
        return after

    def of_rounds(
        self, before: Mapping[str, Round], there: Mapping[str, Round]
    ) -> dict[str, Round]:
        """Sign-offs under what their steps are called then."""
        after = dict(there)
        for old, signoff in before.items():
            name = self.move.steps.get(old, old)
            if name in there and name != old:
                number = max(signoff.number, there[name].number + 1)
                after[name] = signoff.model_copy(update={"number": number})
        return after


def migrate(context: Context, command: MigrateTemplate) -> Migrated:
    """Look at all items first; if all of them can go, bring one after another.

    One that is killed half-way leaves whole items; the same command brings the rest.

    Raises:
        NotFound: there is no such template, or not such versions of it.
        Conflict: the version is not active; or an item cannot go, and so none does.
    """
    name, old, new = command.name, command.from_version, command.to_version
    of = governed_items.c
    mine = (of.template == name, of.template_version == old, of.gone.is_(None))
    with context.read() as db:
        templates.get(db, name, old)
        to = templates.get(db, name, new)
        items = list(db.scalars(select(of.id).where(*mine, of.state == "governed").order_by(of.id)))
        way = Way(to.template, _move(to.template, old))
        _require_way(to.state, name, old, new)
        looked = [_told(get(db, item), way) for item in items]
    if not command.dry_run:
        _refuse_problems(looked, name, new)
        for place, item in enumerate(items):
            _bring(context, item, way, old)
            context.progress(f"brought {item} to {name} {new}", fraction=(place + 1) / len(items))
    return Migrated(
        template=name,
        from_version=old,
        to_version=new,
        dry_run=command.dry_run,
        items=tuple(looked),
    )


def _bring(context: Context, item: str, way: Way, old: int) -> None:
    with context.begin() as db:
        found = bring(context, db, item)
        if found.template_version != old or found.gone is not None or found.state != "governed":
            return  # somebody else was quicker
        before = opened(db, found, now())
        fields, problems = way.of_fields(found.fields)
        if problems:
            raise errors.Conflict(
                f"{item}: {'; '.join(problems)}; the items before it are migrated"
            )
        told = {"fields": fields, "steps": way.of_steps(before.course.steps)}
        after = found.model_copy(update={**told, "template_version": way.template.version})
        there = opened(db, after, now())
        rounds = way.of_rounds(before.rounds, there.rounds)
        desk = replace(there, rounds=rounds)
        put(db, replace(before, left=there.left, rounds=there.rounds), desk, context.identity.name)


def _told(item: Item, way: Way) -> MigratedItem:
    fields, problems = way.of_fields(item.fields)
    lost = [name for name in item.fields if name in way.move.drop]
    changed = [name for name, value in fields.items() if item.fields.get(name) != value]
    return MigratedItem(
        item=item.id, changed=tuple(changed), dropped=tuple(lost), problems=tuple(problems)
    )


def _move(template: Template, before: int) -> Move:
    found = next((each for each in template.moves if each.before == before), None)
    return found or Move(before=before)


def _require_way(state: str, name: str, old: int, new: int) -> None:
    if new <= old:
        raise errors.Invalid(f"items go to a later version, and {new} is not later than {old}")
    if state != "active":
        raise errors.Conflict(f"{name} {new} is {state}; only to what is active items can go")


def _refuse_problems(looked: list[MigratedItem], name: str, new: int) -> None:
    wrong = [each for each in looked if each.problems]
    if wrong:
        said = [f"{each.item}: {', '.join(each.problems)}" for each in wrong[:TOLD]]
        more = [f"and {len(wrong) - TOLD} more"] if len(wrong) > TOLD else []
        raise errors.Conflict(
            f"nothing was migrated, since these would not fit {name} {new}: "
            f"{'; '.join([*said, *more])}; say how under moves in the template"
        )
