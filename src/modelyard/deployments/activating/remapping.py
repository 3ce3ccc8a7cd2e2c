"""Connections by other names: what a bundle calls one is another one where it is activated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard.data.access import PREFIX

FOUND_ONCE = frozenset({"evaluations", "drift_reports", "model_replays", "versions"})
"""Tables of what was found out at a time: they tell of connections as these were called then."""
CONNECTION = "connection"
"""The field in which a dataset names its connection."""


def remapped(table: str, row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A row, its JSON read, with the connections that it names by their names here."""
    if table in FOUND_ONCE or not names:
        return dict(row)
    return {name: _renamed(name, value, names) for name, value in row.items()}


def _renamed(field: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(name, each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed("", each, names) for each in value]
    if not isinstance(value, str):
        return value
    if field == CONNECTION:
        return names.get(value, value)
    if value.startswith(PREFIX):
        name, slash, inside = value.removeprefix(PREFIX).partition("/")
        return f"{PREFIX}{names.get(name, name)}{slash}{inside}"
    return value


def written(table: str, row: Mapping[str, Any], datasets: Mapping[str, str]) -> Iterator[str]:
    """The connections into which a recipe or a step of a scenario writes.

    Args:
        table: that the row is of.
        row: with its JSON read.
        datasets: the connections that datasets are in, by their names.
    """
    body = row.get("body")
    if not isinstance(body, dict):
        return
    asked = [body.get("command")] if table == "recipes" else []
    if table == "scenarios":
        asked = [step.get("arguments") for step in body.get("steps") or ()]
    for arguments in asked:
        for end in ("output", "metrics_output", "to"):
            target = (arguments or {}).get(end)
            if not isinstance(target, str):
                continue
            if target.startswith(PREFIX):
                yield target.removeprefix(PREFIX).partition("/")[0]
            elif target in datasets:
                yield datasets[target]
