"""Conditions of rules about roles, as questions to the database."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, FromClause, and_, not_, or_

from modelyard.governance.roles.values import BEGIN, FIELDS, STEPS, saying, text_of
from modelyard.governance.templates.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    NoneOf,
    StepTest,
)
from modelyard.store.tables import item_values

Items = FromClause
"""The table of governed items, under whatever name."""


def holding(condition: Condition, items: Items) -> ColumnElement[bool]:
    """Whether a condition holds of an item; none is about sign-offs.

    Args:
        condition: of a template that was checked.
        items: whose rows are asked about.
    """
    if isinstance(condition, AllOf):
        return and_(*(holding(each, items) for each in condition.all_of))
    if isinstance(condition, AnyOf):
        return or_(*(holding(each, items) for each in condition.any_of))
    if isinstance(condition, NoneOf):
        return not_(or_(*(holding(each, items) for each in condition.none_of)))
    if isinstance(condition, FieldTest):
        return _says(condition, items)
    if isinstance(condition, StepTest):
        return is_at(condition.step, condition.status, items)
    raise ValueError("no role is given by how a sign-off is")  # pragma: no cover  checked before


def is_at(step: str, status: str, items: Items) -> ColumnElement[bool]:
    """Whether a step of an item has a status."""
    rows = saying(STEPS, step)
    if status == BEGIN:
        return items.c.id.not_in(rows)
    return items.c.id.in_(rows.where(item_values.c.text == text_of(status)))


def names(field: str, called: Iterable[str], items: Items) -> ColumnElement[bool]:
    """Whether a field of an item says one of some texts."""
    rows = saying(FIELDS, field)
    return items.c.id.in_(rows.where(item_values.c.text.in_([text_of(each) for each in called])))


def _says(test: FieldTest, items: Items) -> ColumnElement[bool]:
    of, rows = item_values.c, saying(FIELDS, test.field)
    if test.given is not None:
        return items.c.id.in_(rows) if test.given else items.c.id.not_in(rows)
    if test.equals is not None:
        rows = rows.where(of.text == text_of(test.equals))
    if test.one_of is not None:
        alternatives = [text_of(each) for each in test.one_of if each is not None]  # as no value is
        rows = rows.where(of.text.in_(alternatives))
    if test.above is not None:
        rows = rows.where(of.number > test.above)
    if test.below is not None:
        rows = rows.where(of.number < test.below)
    return items.c.id.in_(rows)
