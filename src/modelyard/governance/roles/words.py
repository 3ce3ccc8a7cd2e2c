"""Conditions of roles as people say them."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.governance.templates.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    NoneOf,
    StepTest,
)


def in_words(condition: Condition) -> str:
    """What has to hold of an item, after an `if`."""
    if isinstance(condition, FieldTest):
        return " and ".join(_said(condition))
    if isinstance(condition, StepTest):
        return f"the step {condition.step} is {condition.status}"
    if isinstance(condition, AllOf):
        return _joined(" and ", condition.all_of)
    if isinstance(condition, AnyOf):
        return _joined(" or ", condition.any_of)
    if isinstance(condition, NoneOf):
        return f"not {_joined(' or ', condition.none_of)}"
    raise ValueError("no role is given by anything else")  # pragma: no cover  checked before


def _joined(word: str, conditions: tuple[Condition, ...]) -> str:
    return f"({word.join(in_words(each) for each in conditions)})"


def _said(test: FieldTest) -> Iterator[str]:
    if test.given is not None:
        yield f"{test.field} is {'' if test.given else 'not '}given"
    if test.equals is not None:
        yield f"{test.field} is {test.equals}"
    if test.one_of is not None:
        yield f"{test.field} is one of {', '.join(map(str, test.one_of))}"
    if test.above is not None:
        yield f"{test.field} is above {test.above:g}"
    if test.below is not None:
        yield f"{test.field} is below {test.below:g}"
