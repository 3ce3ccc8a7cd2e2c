"""Conditions as queries: which items they hold for, decided in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from modelyard.governance.listing.signed import ANEW, signed
from modelyard.governance.roles import asking
from modelyard.governance.templates.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FactTest,
    FieldTest,
    ItemTest,
    MetricTest,
    NoneOf,
    SignoffTest,
    StepTest,
    TimeTest,
    ValueTest,
    tests_in,
)
from modelyard.kernel.documents import Fault
from modelyard.store.json_values import Given, NewestMetric, Op, Says
from modelyard.store.letters import Lowered
from modelyard.store.tables import governed_items, signoffs

OF = governed_items.c
MOST_TESTS, DEEPEST = 50, 8


def faults_of(condition: Condition) -> Iterator[Fault]:
    """What of a condition cannot be asked of a database though each part is right by itself."""
    tests = list(tests_in(condition))
    if len(tests) > MOST_TESTS:
        yield (), f"a filter asks {MOST_TESTS} things at most, and this one asks {len(tests)}"
    for test, place in tests:
        if len(place) > 2 * DEEPEST:
            yield place, f"conditions stand inside one another {DEEPEST} times at most"
        if isinstance(test, ValueTest):
            for key, values in (("equals", [test.equals]), ("one_of", test.one_of or ())):
                if any(isinstance(each, list | dict) for each in values):
                    yield (*place, key), "a filter compares with texts, numbers, true and false"


@dataclass(frozen=True)
class Looking:
    """Who filters, and when."""

    at: datetime
    reads: Callable[[str], ColumnElement[bool]] = lambda _: true()
    """Whether they may know what a field of an item says; what they may not is not there."""

    def holding(self, condition: Condition) -> ColumnElement[bool]:
        """That an item meets a condition; never null."""
        if isinstance(condition, AllOf):
            return and_(*map(self.holding, condition.all_of))
        if isinstance(condition, AnyOf):
            return or_(*map(self.holding, condition.any_of))
        if isinstance(condition, NoneOf):
            return not_(or_(*map(self.holding, condition.none_of)))
        if isinstance(condition, FieldTest):
            return self._field(condition)
        if isinstance(condition, StepTest):
            return asking.holding(condition, governed_items)
        if isinstance(condition, SignoffTest):
            return _signoff(condition, self.at)
        if isinstance(condition, TimeTest):
            return _time(condition, self.at)
        if isinstance(condition, FactTest):
            return _fact(condition)
        return _column(condition) if isinstance(condition, ItemTest) else _metric(condition)

    def _field(self, test: FieldTest) -> ColumnElement[bool]:
        reads = self.reads(test.field)
        if test.given is False:
            given = FieldTest(field=test.field, given=True)
            return not_(and_(asking.holding(given, governed_items), reads))
        return and_(asking.holding(test, governed_items), reads)


def _fact(test: FactTest) -> ColumnElement[bool]:
    document, path = OF.facts, test.fact.split(".")
    if test.given is not None:
        given = Given(document, path)
        return given if test.given else not_(given)
    bounds: list[tuple[Op, Any]] = []
    if test.above is not None:
        bounds.append(("above", float(test.above)))
    if test.below is not None:
        bounds.append(("below", float(test.below)))
    alternatives = test.one_of if test.one_of is not None else (test.equals,)
    if alternatives == (None,):
        return Says(document, path, bounds)
    known = [each for each in alternatives if isinstance(each, str | int | float)]
    return or_(false(), *(Says(document, path, [("is", each), *bounds]) for each in known))


def _column(test: ItemTest) -> ColumnElement[bool]:
    column = func.coalesce(OF[test.item], "")
    if test.given is not None:
        return column != "" if test.given else column == ""
    if test.contains is not None:
        return Lowered(column).contains(test.contains.lower(), autoescape=True)
    return column.in_(test.one_of or (test.equals or "",))


def _time(test: TimeTest, at: datetime) -> ColumnElement[bool]:
    column = OF[test.time]
    since = test.since(at)
    wanted: list[ColumnElement[bool]] = [column.is_not(None)]
    if since is not None:
        wanted.append(column >= since)
    if test.before is not None:
        wanted.append(column < test.before)
    return func.coalesce(and_(*wanted), false())


def _metric(test: MetricTest) -> ColumnElement[bool]:
    value = NewestMetric(OF.facts, test.metric)
    if test.given is not None:
        return value.is_not(None) if test.given else value.is_(None)
    wanted: list[ColumnElement[bool]] = []
    if test.above is not None:
        wanted.append(value > test.above)
    if test.below is not None:
        wanted.append(value < test.below)
    return func.coalesce(and_(*wanted), false())


def _signoff(test: SignoffTest, at: datetime) -> ColumnElement[bool]:
    """Where no row says otherwise it has not begun."""
    found = signed(at)
    status = found.selected_columns.status
    if test.signoff != "*":
        found = found.where(signoffs.c.step == test.signoff)
    items = found.with_only_columns(signoffs.c.item, maintain_column_froms=True)
    is_so = OF.id.in_(items.where(status == test.status))
    if test.status != ANEW:
        return is_so
    begun = items if test.signoff == "*" else items.where(status != ANEW)
    return or_(is_so, OF.id.not_in(begun))
