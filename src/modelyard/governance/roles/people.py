"""Whoever asks for items, with all that roles are given by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard.governance.access import groups_of, is_granted
from modelyard.governance.standing import standing_of
from modelyard.governance.templates.fields import People
from modelyard.governance.templates.roles import Given
from modelyard.kernel.context import Context

READ, WRITE = "govern:read", "govern:write"
GROUP = "group:"
"""What stands before the name of a group where fields name people."""


@dataclass(frozen=True)
class Person:
    """Somebody, and what they are."""

    name: str
    groups: frozenset[str] = frozenset()
    key: str | None = None
    """The id of the API key that they use."""
    governs: bool = False
    """Whether they govern the whole instance: an admin, or by a group with the right."""
    reads: frozenset[str] | None = frozenset()
    """Projects in which they may read; None: all."""
    writes: frozenset[str] | None = frozenset()
    """Projects in which they may write; None: all."""
    only_in: tuple[str, ...] = ()
    """Projects to which their key is narrowed; none: it is not."""

    @property
    def called(self) -> list[str]:
        """What fields call them, and their groups."""
        return [self.name, *(f"{GROUP}{name}" for name in sorted(self.groups))]

    def is_among(self, people: People) -> bool:
        """Whether they are meant by themselves, or by a group of theirs."""
        return people.holds(self.name, self.groups)

    def is_given(self, given: Given) -> bool:
        """Whether a role is given to them, whatever fields say."""
        return given.everyone or self.is_among(given) or self.key in given.keys


def person_of(context: Context, db: Connection) -> Person:
    """Whoever runs the command."""
    me = context.identity
    return Person(
        me.name,
        groups_of(db, me),
        me.key,
        governs=is_granted(db, me, WRITE),
        reads=context.visible_projects(READ),
        writes=context.visible_projects(WRITE),
        only_in=() if me.is_local else standing_of(db, me).projects,
    )
