"""A governed item with its template and sign-offs, as one transaction sees and changes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items import repository as items
from modelyard.governance.items.timeline import record_all
from modelyard.governance.items.types import Item
from modelyard.governance.signoffs import repository
from modelyard.governance.signoffs.machine import settled
from modelyard.governance.signoffs.people import people_of
from modelyard.governance.signoffs.telling import changes_of_item, changes_of_signoffs
from modelyard.governance.signoffs.types import Round
from modelyard.governance.signoffs.workflow import Course
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.types import Template
from modelyard.governance.templates.words import StepStatus

KEEPER = "modelyard"
"""Whom the timeline names for what time or a change did."""


@dataclass(frozen=True)
class Desk:
    """All that is known of a governed item at a moment."""

    item: Item
    template: Template
    rounds: dict[str, Round]
    """The sign-offs as they are at this moment, by the ids of their steps."""
    at: datetime
    left: dict[str, Round]
    """The same as they were left in the database."""

    @property
    def course(self) -> Course:
        """Where the item is in its steps."""
        return Course(
            self.template,
            self.item.fields,
            cast("dict[str, StepStatus]", self.item.steps),
            {step: signoff.status for step, signoff in self.rounds.items()},
        )

    def digest(self, step: str) -> str:
        """Of what an approval of a step is about."""
        return digest_of(self.item, self.template, step)


def digest_of(item: Item, template: Template, step: str) -> str:
    """The sha256 of what an approval of a step is about.

    That is what rooms tell of the item by its own digest, and the values of the fields that are
    asked for up to the step; what later steps ask for, and what no step does, may change.
    """
    asked: list[str] = []
    for each in template.steps:
        asked += each.fields
        if each.id == step:
            break
    values = {name: item.fields[name] for name in asked if name in item.fields}
    text = json.dumps([item.digest, values], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def opened(db: Connection, item: Item, at: datetime) -> Desk:
    """Look up what belongs to an item; sign-offs that are no longer valid have begun anew in it.

    Raises:
        Conflict: the item is not governed.
    """
    return next(opened_all(db, [item], at))


def opened_all(db: Connection, items: Sequence[Item], at: datetime) -> Iterator[Desk]:
    """The same of several items, in their order."""
    known: dict[tuple[str, int | None], Template] = {}
    kept = repository.current(db, [item.id for item in items])
    for item in items:
        if item.state != "governed" or item.template is None:
            raise errors.Conflict(
                f"{item.id} is not governed, so nothing is asked of it; govern it first"
            )
        key = (item.template, item.template_version)
        if key not in known:
            known[key] = templates.get(db, *key).template
        yield _opened(item, known[key], _left(item, known[key], kept), at)


def _left(
    item: Item, template: Template, kept: Mapping[tuple[str, str], repository.Kept]
) -> dict[str, Round]:
    """The sign-offs of an item as they were left in the database."""
    life = repository.life_of(item.created, item.template)
    left = {}
    for step in template.steps:
        if step.signoff is not None:
            last = kept.get((item.id, step.id))
            if last is not None and last.life == life:
                left[step.id] = last.signoff
            else:  # what another one was that was called so is none of its
                number = 1 if last is None else last.signoff.number + 1
                left[step.id] = Round(number=number, plan=step.signoff)
    return left


def put(db: Connection, before: Desk, after: Desk, who: str) -> Desk:
    """Write down what somebody changed; gives all as it is then.

    What no longer holds since fields say something else begins anew with it.
    """
    final = _opened(after.item, after.template, after.rounds, after.at)
    told = {"status": final.course.status, "changed": after.at}
    final = replace(final, item=final.item.model_copy(update=told))
    items.save(db, final.item)
    for step, signoff in final.rounds.items():
        if signoff != before.left.get(step):
            repository.save(db, final.item, step, signoff)
    plans = (signoff.plan for signoff in final.rounds.values())
    repository.put_people(db, final.item.id, people_of(final.template, plans))
    record_all(db, KEEPER, changes_of_signoffs(before.item.id, before.left, before.rounds))
    record_all(db, who, changes_of_item(before.item, after.item))
    record_all(db, who, changes_of_signoffs(before.item.id, before.rounds, after.rounds))
    record_all(db, KEEPER, changes_of_signoffs(before.item.id, after.rounds, final.rounds))
    return final


def _opened(item: Item, template: Template, left: dict[str, Round], at: datetime) -> Desk:
    rounds = {
        step.id: settled(left[step.id], digest_of(item, template, step.id), at, step.signoff)
        for step in template.steps
        if step.signoff is not None
    }
    return Desk(item, template, rounds, at, left)
