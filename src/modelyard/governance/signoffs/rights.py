"""Who may fill an item in, be asked about it, decide on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items.seeing import WRITE, holder_of
from modelyard.governance.roles.rights import Holder
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.types import Round
from modelyard.governance.templates.fields import AnyField, People
from modelyard.governance.templates.roles import ItemRight
from modelyard.governance.templates.types import FeedbackGroup
from modelyard.kernel.context import Context


@dataclass(frozen=True)
class Actor:
    """Whoever acts on an item, and what they are there."""

    holder: Holder

    @property
    def name(self) -> str:
        """Who they are."""
        return self.holder.person.name

    @property
    def granted(self) -> bool:
        """Whether they govern the whole instance: an admin, or by a group with the right."""
        return self.holder.person.governs

    def is_among(self, people: People) -> bool:
        """Whether they are meant by themselves, or by a group of theirs."""
        return self.holder.person.is_among(people)

    @property
    def edits(self) -> bool:
        """Whether they may fill it in, bring it to other steps, and ask for sign-offs."""
        return self.holder.may("write")

    def is_asked(self, signoff: Round, group: str | None) -> bool:
        """Whether they are asked for feedback as one of a group, or, without one, to decide."""
        handed_on = any(
            (each.user, each.group) == (self.name, group)
            and not (group is None and signoff.bars(each.by))
            for each in signoff.delegates
        )
        right: ItemRight = "decide" if group is None else "feedback"
        by_role = not self.granted and self.holder.may(right, group)
        return handed_on or by_role or self._is_named(signoff, group)

    def delegates(self, signoff: Round, group: str | None) -> bool:
        """Whether they may have others do what they are asked for."""
        if signoff.plan.delegation == "everybody":
            return self.granted or self._is_named(signoff, group)
        return self.granted and signoff.plan.delegation == "admins"

    def _is_named(self, signoff: Round, group: str | None) -> bool:
        plan = signoff.plan
        asked = [plan.approvers] if group is None else []
        asked += [each for each in plan.feedback if each.id == group]
        return any(map(self.is_among, asked))


def actor_of(context: Context, db: Connection, item: str) -> Actor:
    """Whoever runs the command, on an item."""
    return Actor(holder_of(context, db, item))


def require_editor(actor: Actor, desk: Desk) -> None:
    """Refuse those who may not fill the item in; Forbidden says who may."""
    if not actor.edits:
        raise _not_an_editor(actor, desk)


def require_filler(actor: Actor, desk: Desk) -> None:
    """Refuse those who may set no field at all; Forbidden says who may."""
    if not (actor.edits or actor.holder.writes):
        raise _not_an_editor(actor, desk)


def require_settable(actor: Actor, desk: Desk, field: AnyField) -> None:
    """Refuse those who may not set a field; Forbidden says why."""
    if field.id in actor.holder.writes:
        return
    require_filler(actor, desk)
    raise errors.Forbidden(
        f"the user {actor.name} may not set {field.called}: its template says who may"
    )


def require_legible(actor: Actor, field: AnyField) -> None:
    """Refuse those who may not know what a field says, whether or not it says something."""
    if not (actor.granted or field.id in actor.holder.reads):
        raise errors.Forbidden(
            f"the user {actor.name} may not read {field.called}: its template says who may"
        )


def _not_an_editor(actor: Actor, desk: Desk) -> errors.Forbidden:
    who = [f"contributors of the project {desk.item.project}"] if desk.item.project else []
    return _forbidden(actor, f"change {desk.item.id}", [*who, *_named(desk.template.editors)])


def require_approver(actor: Actor, signoff: Round, item: str) -> None:
    """Refuse those who may not decide; Forbidden says who may."""
    if not (actor.granted or actor.is_asked(signoff, None)):
        raise _forbidden(actor, f"decide on {item}", list(_named(signoff.plan.approvers)))


def require_reviewer(actor: Actor, signoff: Round, group: FeedbackGroup) -> None:
    """Refuse those who are not asked for feedback as one of a group; Forbidden says who is."""
    if not (actor.granted or actor.is_asked(signoff, group.id)):
        raise _forbidden(actor, f"give feedback for {group.called}", list(_named(group)))


def _named(people: People) -> Iterator[str]:
    yield from (f"the group {name}" for name in people.groups)
    yield from people.users


def _forbidden(actor: Actor, what: str, who: list[str]) -> errors.Forbidden:
    may = ", ".join([*who, f"whoever is given the right {WRITE}"])
    return errors.Forbidden(f"the user {actor.name} may not {what}; these may: {may}")
