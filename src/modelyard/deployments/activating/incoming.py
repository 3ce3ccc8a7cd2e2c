"""The rows of a bundle as a project is to have them, with what is chosen for it here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Table

from modelyard.deployments.activating.naming import ACTIVE, things_named
from modelyard.deployments.activating.planning import Facts, Thing
from modelyard.deployments.activating.remapping import remapped, written
from modelyard.deployments.activating.types import ProjectLocals, ScenarioState
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.rows import JSON_COLUMNS, key_of, line, table_of

Row = dict[str, Any]
ACTIVE_VERSION = "active_version"


@dataclass(frozen=True)
class Incoming:
    """A bundle on its way into a project.

    Attributes:
        bundle: that is open.
        project: key of the project.
        own: what the project has of its own.
        places: where the data of datasets lies here, for those whose data is in the bundle.
    """

    bundle: OpenBundle
    project: str
    own: ProjectLocals
    places: Mapping[str, str]

    def rows(self, table: Table) -> Iterator[Row]:
        """Its rows of a table, as the project is to have them."""
        for row in self.bundle.rows(table.name):
            yield self._fitted(table, row)

    @cached_property
    def things(self) -> dict[Thing, Facts]:
        """All that it holds, with what has to be known of it."""
        found: dict[Thing, Facts] = {}
        for told in self.bundle.manifest.tables:
            table = table_of(told.table)
            for row in self.rows(table):
                found |= things_in(table, row)
        return found

    @cached_property
    def scenarios(self) -> dict[str, ScenarioState]:
        """Whether its scenarios run by themselves where it was made, by their names."""
        return {
            row["name"]: "disabled" if row["body"].get("disabled") else "enabled"
            for row in self.bundle.rows("scenarios")
        }

    @cached_property
    def written(self) -> frozenset[str]:
        """The connections, as the bundle calls them, that something in it writes into."""
        datasets = {
            each.name: each.connection
            for each in self.bundle.manifest.datasets
            if each.connection is not None and each.name not in self.places
        }
        return frozenset(
            name
            for table in ("recipes", "scenarios")
            for row in self.bundle.rows(table)
            for name in written(table, row, datasets)
        )

    def _fitted(self, table: Table, row: Row) -> Row:
        found = remapped(table.name, complete(table, row), self.own.connections)
        if table.name == "projects":
            found["variables"] = {**(found.get("variables") or {}), **self.own.variables}
        elif table.name == "datasets" and (place := self.places.get(found["name"])):
            body = found["body"]
            dataset = {**body["dataset"], "connection": None, "path": place}
            found |= {"connection": None, "body": {**body, "dataset": dataset}}
        elif table.name == "scenarios":
            steps = [self._step(step) for step in found["body"].get("steps") or ()]
            found["body"] = {**found["body"], "steps": steps}
        return found

    def _step(self, step: Row) -> Row:
        """A step of a scenario that is about the project by the key that it has here."""
        arguments = step.get("arguments") or {}
        if arguments.get("project") == self.bundle.manifest.project:
            arguments = {**arguments, "project": self.project}
        return {**step, "arguments": arguments}


def complete(table: Table, row: Mapping[str, Any]) -> Row:
    """A row with what an older Modelyard did not know of yet, as new columns begin."""
    local = BUNDLED[table.name].local
    found = dict(row)
    for column in table.columns:
        if column.name in {*found, *local, "project", ACTIVE_VERSION}:
            continue  # a bundle that lacks the active version of a model says nothing of it
        begins = getattr(column.server_default, "arg", None)
        if begins is not None or column.nullable:
            found[column.name] = begins
    return found


def things_in(table: Table, row: Mapping[str, Any]) -> Iterator[tuple[Thing, Facts]]:
    """A row as what is known of it; of a model, which version is active stands apart."""
    thing = thing_of(table, row)
    yield thing, Facts(said(table, row), things_named(table, row))
    if table.name == "models" and ACTIVE_VERSION in row:
        yield Thing(ACTIVE, thing.key), Facts(row[ACTIVE_VERSION] or "", (thing,))


def thing_of(table: Table, row: Mapping[str, Any]) -> Thing:
    """A row by its table and key."""
    return Thing(table.name, key_of(table, row))


def said(table: Table, row: Mapping[str, Any]) -> str:
    """The digest of what a row says, without what is chosen where it is, or stands apart."""
    if table.name == "models":
        row = {name: value for name, value in row.items() if name != ACTIVE_VERSION}
    elif table.name == "scenarios":
        row = {**row, "body": {**row["body"], "disabled": None}}
    plain = {name: value for name, value in row.items() if name not in JSON_COLUMNS or value}
    return hashlib.sha256(line(plain)).hexdigest()[:32]
