"""Which items somebody sees, what they may do with each, and which fields they read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
)

from modelyard.governance.roles import repository
from modelyard.governance.roles.asking import Items
from modelyard.governance.roles.granting import Grant, grants_of, is_by
from modelyard.governance.roles.people import Person, person_of
from modelyard.governance.roles.rights import Holder
from modelyard.governance.roles.types import HeldRole
from modelyard.governance.roles.values import FIELDS
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.roles import ASKED, CONTRIBUTOR, READER, ItemRight, role_of
from modelyard.governance.templates.types import Template
from modelyard.kernel.context import Context
from modelyard.store.tables import governed_items, item_people, item_values, signoff_delegates

Rows = Select[Any] | CompoundSelect[Any]
"""Of item, role, because, origin, and whether it passes on."""


@dataclass(frozen=True)
class Access:
    """Somebody, and all rules by which they have roles on items."""

    person: Person
    templates: Mapping[tuple[str, int], Template]
    grants: tuple[Grant, ...]

    @cached_property
    def _saying(self) -> list[Template]:
        """The templates that say something about roles."""
        return [each for each in self.templates.values() if each.roles]

    @cached_property
    def _passing(self) -> list[Template]:
        """Those whose items have roles from other items."""
        return [each for each in self.templates.values() if each.roles_from]

    @cached_property
    def _everywhere(self) -> Subquery:
        """All that rules give them, on all items; once in a query, however often it is asked."""
        return self._held(None).subquery()

    def visible(self) -> ColumnElement[bool]:
        """The condition of the items that they may see."""
        of = governed_items
        if self.person.governs:
            return self._in_sight(of)
        ways: list[ColumnElement[bool]] = []
        ways.append(self._implied(READER, of) & self._lets(READER, "read", of))
        if any("read" not in role_of(each.roles, READER).rights for each in self._saying):
            ways.append(self._implied(CONTRIBUTOR, of) & self._lets(CONTRIBUTOR, "read", of))
        if not self.person.only_in:
            ways.append(of.c.id.in_(self._asked()))
        near = of.c.project.in_(self.person.only_in) if self.person.only_in else true()
        ways += [near & each.on(of) & self._lets(each.role, "read", of) for each in self.grants]
        if self.grants and self._passing:
            ways.append(of.c.id.in_(self._readable()))
        return or_(*ways)

    def on(self, db: Connection, items: Collection[str]) -> dict[str, Holder]:
        """What they are on some items, by their ids; of those they do not see, nothing."""
        of = governed_items.c
        query = select(of.id, of.template, of.template_version).where(of.id.in_(items))
        by = {row.id: self.templates.get((row.template, row.template_version))
              for row in db.execute(query)}  # fmt: skip
        held: dict[str, list[HeldRole]] = defaultdict(list)
        if not self.person.governs:
            for row in db.execute(self._all(items)):
                template = by[row.item]
                role = role_of(template.roles if template else (), row.role)
                told = {"role": row.role, "because": row.because, "origin": row.origin}
                held[row.item].append(HeldRole(**told, may=role.rights))
        return {
            item: Holder(self.person, template, tuple(held[item])) for item, template in by.items()
        }

    def holds(self, role: str, items: Items) -> ColumnElement[bool]:
        """Whether they have a role on an item."""
        ways = [self._implied(role, items)] if role in (READER, CONTRIBUTOR) else []
        if role == ASKED and not self.person.only_in:
            ways.append(items.c.id.in_(self._asked()))
        given = [each for each in self.grants if each.role == role]
        if given:
            held = self._everywhere
            ways.append(items.c.id.in_(select(held.c.item).where(held.c.role == role)))
        return or_(false(), *ways)

    def reads(self, field: str, items: Items) -> ColumnElement[bool]:
        """Whether they may know what a field of an item says that they see."""
        if self.person.governs or not self._saying:
            return true()
        ways = [
            self.holds(role, items) & self._shows(role, field, items) for role in sorted(self.roles)
        ]
        editable = (
            template
            for template in self.templates.values()
            if (found := template.field(field)) and self.person.is_among(found.editors)
        )
        return or_(*ways, *(is_by(each, items) for each in editable))

    @property
    def roles(self) -> set[str]:
        """The names of all roles that they have anywhere."""
        return {READER, CONTRIBUTOR, ASKED, *(each.role for each in self.grants)}

    def _in_sight(self, items: Items) -> ColumnElement[bool]:
        """Of projects in which they may read, and of no project."""
        reads = self.person.reads
        return true() if reads is None else items.c.project.in_(["", *sorted(reads)])

    def _implied(self, role: str, items: Items) -> ColumnElement[bool]:
        """Where a role follows from one in the project, as far as infrastructures allow."""
        groups = (
            items.c.readers.contains(f"\n{name}\n", autoescape=True)
            for name in sorted(self.person.groups)
        )
        seen = self._in_sight(items) & or_(items.c.readers == "", *groups)
        if role == READER:
            return seen
        writes = self.person.writes
        here = items.c.project != "" if writes is None else items.c.project.in_(sorted(writes))
        return seen & here

    def _lets(self, role: str, right: ItemRight, items: Items) -> ColumnElement[bool]:
        """Whether a role has a right by what governs an item."""
        usual = right in role_of((), role).rights
        others = [t for t in self._saying if (right in role_of(t.roles, role).rights) != usual]
        otherwise = or_(false(), *(is_by(each, items) for each in others))
        return not_(otherwise) if usual and others else true() if usual else otherwise

    def _shows(self, role: str, field: str, items: Items) -> ColumnElement[bool]:
        """Whether a role shows a field by what governs an item."""
        usual = bool(role_of((), role).reads.among([field]))
        others = [
            each
            for each in self._saying
            if bool(role_of(each.roles, role).reads.among([field])) != usual
        ]
        otherwise = or_(false(), *(is_by(each, items) for each in others))
        return not_(otherwise) if usual else otherwise

    def _readable(self) -> Select[Any]:
        held, of = self._everywhere, governed_items.alias()
        query = select(held.c.item).join(of, of.c.id == held.c.item)
        roles = sorted({each.role for each in self.grants})
        return query.where(
            or_(*((held.c.role == each) & self._lets(each, "read", of) for each in roles)),
            of.c.project.in_(self.person.only_in) if self.person.only_in else true(),
        )

    def _all(self, about: Collection[str]) -> Rows:
        """All that they have on some items."""
        of = governed_items.alias()
        told = [
            _rows(of, READER, "whoever sees its project, or what is of none", passes=False).where(
                self._implied(READER, of)
            ),
            _rows(of, CONTRIBUTOR, "contributors of its project", passes=False).where(
                self._implied(CONTRIBUTOR, of)
            ),
            _rows(of, ASKED, "named by its sign-offs", passes=False).where(
                of.c.id.in_(self._asked()) if not self.person.only_in else false()
            ),
        ]
        found = [each.where(of.c.id.in_(about)) for each in told]
        if self.grants:
            held = self._held(about).subquery()
            narrow = governed_items.alias()
            query = select(held).join(narrow, narrow.c.id == held.c.item)
            only_in = self.person.only_in
            found.append(
                query.where(
                    held.c.item.in_(about), narrow.c.project.in_(only_in) if only_in else true()
                )
            )
        return union(*found)

    def _asked(self) -> CompoundSelect[Any]:
        """The items of which a sign-off names them, or a group of theirs."""
        named, handed_on, me = item_people.c, signoff_delegates.c, self.person
        of_user = (named.kind == "user") & (named.name == me.name)
        of_group = (named.kind == "group") & named.name.in_(sorted(me.groups))
        return union(
            select(named.item).where(or_(of_user, of_group)),
            select(handed_on.item).where(handed_on.user == me.name),
        )

    def _held(self, about: Collection[str] | None) -> Select[Any]:
        """What rules give them, on some items or on all, with what passes on to these."""
        if not self._passing:
            return select(self._given(about))
        edges = self._edges().cte("edges")
        if about is None:
            given = self._given(None)
            held = select(given).cte("held", recursive=True)
            passed = select(
                edges.c.item, held.c.role, held.c.because, held.c.origin, held.c.passes
            ).where(edges.c.source == held.c.item, held.c.passes == 1)
            return select(held.union(passed))
        of = governed_items.alias()
        itself = select(of.c.id.label("item"), cast(of.c.id, Text).label("source"))
        itself = itself.where(of.c.id.in_(about))
        near = itself.cte("near", recursive=True)
        near = near.union(
            select(near.c.item, cast(edges.c.source, Text)).where(edges.c.item == near.c.source)
        )
        given = self._given(select(near.c.source))
        is_its = or_(given.c.passes == 1, near.c.item == near.c.source)
        return select(
            near.c.item, given.c.role, given.c.because, given.c.origin, given.c.passes
        ).where(given.c.item == near.c.source, is_its)

    def _given(self, about: Collection[str] | Select[Any] | None) -> CTE:
        """What rules give them on the items themselves."""
        of = governed_items.alias()
        near = true() if about is None else of.c.id.in_(about)
        return union(
            *(
                _rows(of, each.role, each.because, passes=each.passes).where(near, each.on(of))
                for each in self.grants
            )
        ).cte("given")

    def _edges(self) -> CompoundSelect[Any]:
        """Items, each with one from which its roles are as well."""
        child, value = governed_items.alias(), item_values.alias()
        found = []
        for each in self._passing:
            if each.roles_from.parent:
                query = select(child.c.id.label("item"), child.c.parent.label("source"))
                found.append(query.where(is_by(each, child), child.c.parent.is_not(None)))
            inside = func.substr(value.c.text, 2, func.length(value.c.text) - 2)
            for name in each.roles_from.fields:
                query = select(child.c.id.label("item"), inside.label("source"))
                query = query.join(value, value.c.item == child.c.id)
                query = query.where(value.c.part == FIELDS, value.c.name == name)
                found.append(query.where(is_by(each, child)))
        return union(*found)


def access_of(context: Context, db: Connection) -> Access:
    """What whoever runs the command may do."""
    person = person_of(context, db)
    known = {(each.name, each.version): each.template for each in templates.every(db)}
    if person.governs:
        return Access(person, known, ())
    grants = grants_of(person, repository.every(db), known.values())
    return Access(person, known, tuple(grants))


def _rows(items: Items, role: str, because: str, *, passes: bool) -> Select[Any]:
    return select(
        items.c.id.label("item"),
        cast(literal(role), Text).label("role"),
        cast(literal(because), Text).label("because"),
        items.c.id.label("origin"),
        cast(literal(int(passes)), Integer).label("passes"),
    )
