"""A filter of governed items as rows of field, operator and value, as a page asks for it."""

from __future__ import annotations

import json
from typing import Any, get_args

from modelyard.governance.templates.conditions import Attribute
from modelyard.kernel.values import Value
from modelyard.web.pages.page import Visit

MOST_ROWS = 8
OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "above": "is above",
    "below": "is below",
    "given": "is given",
    "empty": "is empty",
    "within": "within days",
    "after": "since",
    "before": "before",
}
"""What is asked of a field, and what people call that."""
TIMES = ("created", "changed", "gone")
SUGGESTED = (
    *get_args(Attribute), *TIMES,
    "signoff", "fields.risk", "step.review", "metric.auc", "metric.dataDrift",
    "fact.deployments.*.stage", "fact.version.flavor", "fact.checks.worst",
)  # fmt: skip
CHOSEN = ("kind", "state", "project", "stage", "status", "template")
"""Words of the address by which menus ask."""
NUMBERS = {"above": "above", "below": "below"}
GIVEN = {"given": True, "empty": False}


class Row(Value):
    """A comparison as it is typed."""

    field: str = ""
    operator: str = "is"
    value: str = ""


def rows_of(visit: Visit) -> tuple[Row, ...]:
    """The comparisons that the address holds; those without a field are left out."""
    rows = (
        Row(
            field=visit.asked(f"f{at}").strip(),
            operator=visit.one_of(f"o{at}", tuple(OPERATORS)) or "is",
            value=visit.asked(f"v{at}").strip(),
        )
        for at in range(MOST_ROWS)
    )
    return tuple(row for row in rows if row.field)


def filter_of(visit: Visit) -> str | None:
    """All that the address asks for, as one filter; None: nothing.

    What was typed besides the rows holds nested conditions; what is no JSON is left as it is, so
    that the command says what is wrong with it.
    """
    return _joined(visit, [])


def shown_filter(visit: Visit) -> str | None:
    """The same with what is chosen by menus, for a view that is saved."""
    chosen = [(name, visit.asked(name)) for name in CHOSEN]
    return _joined(visit, [{"item": name, "equals": word} for name, word in chosen if word])


def _joined(visit: Visit, chosen: list[Any]) -> str | None:
    rows = [_condition(row) for row in rows_of(visit)]
    key = "any_of" if visit.asked("match") == "any" else "all_of"
    typed = visit.asked("where").strip()
    try:
        more = [json.loads(typed)] if typed else []
    except ValueError:
        return typed
    found = [*chosen, *([{key: rows}] if len(rows) > 1 else rows), *more]
    if not found:
        return None
    return json.dumps(found[0] if len(found) == 1 else {"all_of": found})


def _condition(row: Row) -> dict[str, Any]:
    """A comparison as a condition; what makes no sense is refused by the command."""
    if row.operator == "is_not":
        return {"none_of": [_condition(row.model_copy(update={"operator": "is"}))]}
    head, _, rest = row.field.partition(".")
    if head in TIMES:
        return _time(head, row)
    if head in ("step", "signoff"):
        status = row.value.upper().replace(" ", "_")
        return {head: rest or "*", "status": status}
    kind = {"fields": "field", "metric": "metric", "fact": "fact"}.get(head)
    if kind is None:
        return {"item": row.field, **_said(row, [part.strip() for part in row.value.split(",")])}
    return {kind: rest, **_said(row, _alternatives(row.value))}


def _said(row: Row, alternatives: list[Any]) -> dict[str, Any]:
    if row.operator in GIVEN:
        return {"given": GIVEN[row.operator]}
    if row.operator in NUMBERS:
        return {NUMBERS[row.operator]: _scalar(row.value)}
    if row.operator == "is":
        return {"one_of": alternatives}
    return {row.operator: row.value}


def _time(name: str, row: Row) -> dict[str, Any]:
    if row.operator == "within":
        return {"time": name, "within_days": _scalar(row.value)}
    return {"time": name, row.operator: row.value}


def _alternatives(text: str) -> list[Any]:
    """What a value that is typed may be: a number or a text that is written so."""
    found: list[Any] = []
    for part in (part.strip() for part in text.split(",")):
        scalar = _scalar(part)
        found += [part] if scalar == part else [scalar, part]
    return found


def _scalar(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float) else text
