"""What somebody may do with one item, by the roles that they have on it: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.governance.roles.people import Person
from modelyard.governance.roles.types import HeldRole
from modelyard.governance.templates.roles import ItemRight, Role, role_of
from modelyard.governance.templates.types import Template

ALL: tuple[ItemRight, ...] = ("read", "write", "create", "delete", "decide", "feedback")


@dataclass(frozen=True)
class Holder:
    """Somebody, with the roles that they have on an item. Rights of several roles add up."""

    person: Person
    template: Template | None
    held: tuple[HeldRole, ...] = ()

    @property
    def roles(self) -> Iterator[Role]:
        """What their roles are by the template of the item."""
        said = self.template.roles if self.template else ()
        for name in sorted({each.role for each in self.held}):
            yield role_of(said, name)

    def may(self, right: ItemRight, group: str | None = None) -> bool:
        """Whether they may do something, or give feedback as one of a group."""
        if self.person.governs:
            return True
        roles = (each for each in self.roles if right in each.rights)
        return any(group is None or each.id == f"reviewer-{group}" for each in roles)

    @property
    def reads(self) -> frozenset[str]:
        """The fields whose values they may know."""
        return self._of_all() if self.person.governs else self._reads()

    @property
    def reads_all(self) -> bool:
        """Whether nothing is kept from them."""
        return self.reads == self._of_all()

    @property
    def writes(self) -> frozenset[str]:
        """The fields that they may set: those with editors of their own only as one of them."""
        known = self._of_all()
        if self.person.governs:
            return known
        roles = [each for each in self.roles if "write" in each.rights]
        found = {name for role in roles for name in role.writes.among(known)}
        fields = self.template.fields if self.template else ()
        kept = {each.id for each in fields if each.editors}
        return frozenset(found - kept) | self._own()

    def _of_all(self) -> frozenset[str]:
        return frozenset(each.id for each in self.template.fields) if self.template else frozenset()

    def _reads(self) -> frozenset[str]:
        known = self._of_all()
        return self._own().union(*(role.reads.among(known) for role in self.roles))

    def _own(self) -> frozenset[str]:
        """The fields of which they are editors."""
        fields = self.template.fields if self.template else ()
        return frozenset(each.id for each in fields if self.person.is_among(each.editors))
