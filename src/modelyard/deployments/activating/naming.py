"""Which other rows of a project a row names: by foreign keys, and in what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table

from modelyard.deployments.activating.planning import Parts, Thing

ACTIVE = "active version"
"""Stands for a table: which version of a model is active, as a thing of its own."""
PARTS = Parts(
    frozenset(
        {
            ACTIVE,
            "activations",
            "alert_messages",
            "check_results",
            "comparison_pairs",
            "evaluation_files",
            "evaluation_gaps",
            "evaluation_labels",
            "files",
            "verifications",
        }
    ),
    whole=frozenset({"files"}),
)
"""Rows that go with what they are parts of, as the database removes them."""
DATA = ("dataset", "input", "output", "reference", "metrics_output", "other", "rows", "current")
"""Fields of commands that may hold the name of a dataset."""


def things_named(table: Table, row: Mapping[str, Any]) -> tuple[Thing, ...]:
    """The rows that a row names; first what it is a part of."""
    found = [*_referred(table, row), *_told(table.name, row, _body(row))]
    return tuple(dict.fromkeys(found))


def _referred(table: Table, row: Mapping[str, Any]) -> Iterator[Thing]:
    """By foreign keys inside of the project."""
    constraints = [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    for constraint in sorted(constraints, key=lambda each: each.referred_table.name):
        pairs = {each.column.name: each.parent.name for each in constraint.elements}
        if "project" not in pairs or len(pairs) == 1:
            continue
        keys = [column.name for column in constraint.referred_table.primary_key]
        key = tuple(row[pairs[name]] for name in keys if name != "project")
        if None not in key:
            yield Thing(constraint.referred_table.name, tuple(map(str, key)))


def _told(table: str, row: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Thing]:
    """By what a row says."""
    match table:
        case "evaluations" | "drift_reports":
            yield from _version(row["model"], row["version"])
        case "model_replays":
            yield from _version(row["model"], row["version"])
            yield from _version(row["model"], row["against"])
        case "service_endpoints":
            yield from _version(row["model"], row["version"])
            for lookup in body.get("lookups") or ():
                yield from _one("datasets", lookup.get("dataset"))
        case "recipes":
            yield from _asked(body.get("command") or {})
        case "scenarios":
            yield from _one("scenarios", body.get("after"))
            for step in body.get("steps") or ():
                yield from _step(step)
        case "comparisons":
            for item in body.get("items") or ():
                model, colon, version = str(item.get("key")).partition(":")
                yield from _version(model, version) if colon else _one("evaluations", model)
        case "evaluation_stores":
            yield from _one("evaluations", row["reference"])
        case "versions":
            yield from _one("evaluations", body.get("reference_evaluation"))
        case _:
            return


def _step(step: Mapping[str, Any]) -> Iterator[Thing]:
    arguments = step.get("arguments") or {}
    yield from _asked(arguments)
    room = str(step.get("command")).partition(".")[0]
    table = {"recipes": "recipes", "stores": "evaluation_stores", "datasets": "datasets"}.get(room)
    if table is not None:
        yield from _one(table, arguments.get("name"))


def _asked(arguments: Mapping[str, Any]) -> Iterator[Thing]:
    """What the arguments of a command name."""
    yield from _version(arguments.get("model"), arguments.get("version"))
    yield from _one("evaluation_stores", arguments.get("store"))
    yield from _one("services", arguments.get("service"))
    for field in DATA:
        yield from _one("datasets", arguments.get(field))


def _version(model: Any, version: Any) -> Iterator[Thing]:
    if isinstance(model, str) and isinstance(version, str):
        yield Thing("versions", (model, version))
    else:
        yield from _one("models", model)


def _one(table: str, name: Any) -> Iterator[Thing]:
    if isinstance(name, str) and name:
        yield Thing(table, (name,))


def _body(row: Mapping[str, Any]) -> Mapping[str, Any]:
    body = row.get("body")
    return body if isinstance(body, dict) else {}
