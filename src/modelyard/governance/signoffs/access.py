"""What other rooms may ask of sign-offs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, true

from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item
from modelyard.governance.roles.rights import Holder
from modelyard.governance.signoffs import repository
from modelyard.governance.signoffs.comparing import otherwise
from modelyard.governance.signoffs.desk import Desk, opened, opened_all
from modelyard.governance.signoffs.showing import shown, state_of, without_digests
from modelyard.governance.signoffs.types import (
    KeptFile,
    KeptRound,
    Round,
    SignoffState,
    Workflow,
)
from modelyard.kernel.values import now
from modelyard.store.tables import item_files, signoff_delegates, signoffs

OF, TO = signoffs.c, signoff_delegates.c


@dataclass(frozen=True)
class AskedOf:
    """What is asked of an item, and what came of it."""

    required: tuple[str, ...] = ()
    """Ids of the fields that have to be filled in."""
    signoffs: tuple[SignoffState, ...] = ()
    """In the order of its steps; one is APPROVED only as long as it is of the item as it is."""
    decided: tuple[tuple[str, Round], ...] = ()
    """Every round that ended with a decision, with its step, the oldest first."""
    forged: frozenset[str] = frozenset()
    """The steps that are approved by the database, while the timeline of the item says otherwise.

    Or says otherwise by which template it is governed, or what its fields are.
    """


def waiting_items(db: Connection) -> set[str]:
    """The items of which somebody is asked to sign something off."""
    return {item for item, _ in repository.waiting(db, true())}


def forget_user(db: Connection, name: str, who: str) -> None:
    """Tell the timeline that what was handed on to a user ends, since the user is deleted.

    The rows go with that of the user.
    """
    query = select(*TO).join(signoffs, (OF.item == TO.item) & (OF.step == TO.step) & OF.current)
    rows = db.execute(query.where(OF.number == TO.number, TO.user == name))
    ends = [
        Change(
            row.item,
            f"signoffs.{row.step}.delegates.{name}.{row.group or 'approval'}",
            row.by,
            None,
        )
        for row in rows
    ]
    record_all(db, who, ends)


def states(db: Connection, about: Collection[str]) -> dict[str, str]:
    """A text of how the sign-offs of each of some items were left."""
    return repository.states(db, about)


def asked_of(db: Connection, item: Item) -> AskedOf:
    """What the template of an item asks at this moment; nothing of one that is not governed."""
    return asked_of_all(db, [item]).get(item.id, AskedOf())


def asked_of_all(db: Connection, items: Sequence[Item]) -> dict[str, AskedOf]:
    """The same of several items, by their ids; those that are not governed are left out."""
    governed = [each for each in items if each.state == "governed" and each.template is not None]
    if not governed:
        return {}
    ended = repository.ended(db, governed)
    desks = list(opened_all(db, governed, now()))
    wrong = otherwise(db, [desk.item.id for desk in desks if _approved(desk)])
    found = {}
    for desk in desks:
        fields = desk.template.fields
        found[desk.item.id] = AskedOf(
            tuple(each.id for each in fields if each.required and desk.course.shows(each)),
            tuple(state_of(desk, step) for step in desk.rounds),
            tuple(ended[desk.item.id]),
            _forged(desk, wrong.get(desk.item.id, ())),
        )
    return found


def _approved(desk: Desk) -> list[str]:
    return [step for step, each in desk.rounds.items() if each.status == "APPROVED"]


def _forged(desk: Desk, wrong: Collection[str]) -> frozenset[str]:
    others = [each for each in wrong if not each.startswith("signoffs.")]
    return frozenset(
        step
        for step in _approved(desk)
        if others or any(each.startswith(f"signoffs.{step}.") for each in wrong)
    )


def workflow_of(db: Connection, item: Item, holder: Holder) -> Workflow | None:
    """What is asked of an item at this moment, and what was said; None: it is not governed.

    As far as its holder may know it.
    """
    if item.state != "governed" or item.template is None:
        return None
    return shown(opened(db, item, now()), holder)


def ended_of(db: Connection, item: Item, holder: Holder) -> tuple[tuple[str, Round], ...]:
    """Every round of an item that ended with a decision, with its step, the oldest first."""
    found = sorted(repository.ended(db, [item])[item.id], key=lambda each: str(each[1].decided))
    return tuple((step, without_digests(each, holder)) for step, each in found)


def rounds_of(db: Connection, item: str, holder: Holder) -> list[KeptRound]:
    """Every round of an item that was ever begun, also of earlier lives of it, by step."""
    found = repository.every_round(db, item)
    return [
        each.model_copy(update={"round": without_digests(each.round, holder)}) for each in found
    ]


def attached_to(db: Connection, item: str) -> list[KeptFile]:
    """Every file that was ever attached to an item, by digest."""
    of = item_files.c
    query = select(of.sha256, of.size).where(of.item == item).order_by(of.sha256)
    return [KeptFile(sha256=row.sha256, size=row.size) for row in db.execute(query)]
