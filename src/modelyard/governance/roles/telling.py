"""Which events of items somebody may be told: none that holds a value of a field kept from them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from modelyard.governance.roles.access import Access
from modelyard.governance.roles.asking import Items
from modelyard.governance.roles.granting import is_by
from modelyard.governance.templates.roles import role_of
from modelyard.governance.templates.types import Template
from modelyard.store.tables import item_events

OF = item_events.c
FIELD = "fields."
DIGESTS = OF.attribute.like("signoffs.%.digest")
"""Digests are of values, which could be guessed by them where there are few."""
ALL_FIELDS = "fields"
"""The attribute that tells what an earlier item of the same name said."""


def tellable(access: Access, items: Items) -> ColumnElement[bool]:
    """The condition of the events that somebody may be told.

    What an item said before it went by a version that keeps fields back, or in an earlier life, is
    told as strictly as what it says now.

    Args:
        access: whoever asks.
        items: the table to which events are joined.
    """
    strict = [each for each in access.templates.values() if _keeps_back(each)]
    if access.person.governs or not strict:
        return true()
    names = sorted({each.name for each in strict})
    elsewhere = func.coalesce(items.c.template, "").not_in(names)
    versions = [each for each in access.templates.values() if each.name in names]
    ways = [is_by(each, items) & or_(*_ways(access, each, items)) for each in versions]
    is_of_it = and_(OF.at >= items.c.created, OF.attribute != ALL_FIELDS)
    is_open = not_(or_(OF.attribute.startswith(FIELD), OF.attribute == ALL_FIELDS, DIGESTS))
    return or_(is_open, is_of_it & or_(elsewhere, *ways))


def _ways(access: Access, template: Template, items: Items) -> Iterator[ColumnElement[bool]]:
    """By which roles events are told of items by a version of a template."""
    known = [each.id for each in template.fields]
    own = [each.id for each in template.fields if access.person.is_among(each.editors)]
    yield OF.attribute.in_([f"{FIELD}{name}" for name in own]) if own else false()
    for name in sorted(access.roles):
        reads = role_of(template.roles, name).reads.among(known)
        told = OF.attribute.in_([f"{FIELD}{each}" for each in sorted(reads)])
        yield access.holds(name, items) & (or_(told, DIGESTS) if set(reads) == set(known) else told)


def _keeps_back(template: Template) -> bool:
    return any(not role.reads.are_all for role in template.roles)
