"""Who may fill an item in, be asked about it, decide on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.access import groups_of, is_granted
from modelyard.governance.items.seeing import WRITE
from modelyard.governance.items.types import Item
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.types import Round
from modelyard.governance.templates.fields import People
from modelyard.governance.templates.types import FeedbackGroup, Template
from modelyard.kernel.context import Context


@dataclass(frozen=True)
class Actor:
    """Whoever acts, and what they are."""

    name: str
    groups: frozenset[str]
    granted: bool
    """Whether they govern the whole instance: an admin, or by a group with the right."""
    projects: frozenset[str] | None
    """In which they may write; None: in all."""

    def is_among(self, people: People) -> bool:
        """Whether they are meant by themselves, or by a group of theirs."""
        return people.holds(self.name, self.groups)

    def edits(self, item: Item, template: Template) -> bool:
        """Whether they may fill an item in, bring it to other steps, and ask for sign-offs."""
        in_project = bool(item.project) and (self.projects is None or item.project in self.projects)
        return self.granted or in_project or self.is_among(template.editors)

    def is_asked(self, signoff: Round, group: str | None) -> bool:
        """Whether they are asked for feedback as one of a group, or, without one, to decide."""
        handed_on = any((each.user, each.group) == (self.name, group) for each in signoff.delegates)
        return handed_on or self._is_named(signoff, group)

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


def actor_of(context: Context, db: Connection) -> Actor:
    """Whoever runs the command."""
    me = context.identity
    return Actor(
        me.name, groups_of(db, me), is_granted(db, me, WRITE), context.visible_projects(WRITE)
    )


def require_editor(actor: Actor, desk: Desk) -> None:
    """Refuse those who may not fill the item in; Forbidden says who may."""
    if not actor.edits(desk.item, desk.template):
        who = [f"contributors of the project {desk.item.project}"] if desk.item.project else []
        raise _forbidden(actor, f"change {desk.item.id}", [*who, *_named(desk.template.editors)])


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
