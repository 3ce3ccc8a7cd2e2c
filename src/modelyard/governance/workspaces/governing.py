"""What governance is told on a govern node: items of other workspaces, as these told of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from itertools import chain
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row, select

from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import home_of, id_of, parsed, placed
from modelyard.governance.items.repository import find, ids_of
from modelyard.governance.policies.evidence import Evidence, Parts, Path, Paths
from modelyard.governance.policies.types import PastDeployment
from modelyard.governance.roles.access import access_of
from modelyard.governance.workspaces.repository import alike, updates_since
from modelyard.kernel.context import Context
from modelyard.store.among import Among
from modelyard.store.tables import workspace_items

OF = workspace_items.c
ITS_OWN = frozenset(
    {
        *("item", "digest", "gathered", "governed", "fields", "required"),
        *("sign_offs", "decisions", "exceptions"),
    }
)
"""What governance knows by itself, so that no workspace says it."""
TOLD = frozenset(Evidence.model_fields) - ITS_OWN
DEPLOYED = "deployments"
Deployed = dict[tuple[str, ...], dict[str, JsonValue]]
"""Deployments by the model, the version and the files that they bring, whoever deploys these."""


def facts(_context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """All sections of each item; of a version besides where it is deployed, in any workspace."""
    deployed = _deployed(db)
    columns = (OF.workspace, OF.item, OF.kind, OF.files, OF.marks)
    query = select(*columns) if asked.skims else select(*columns, OF.facts)
    if asked.about is not None:
        query = query.where(Among((OF.workspace, OF.item), map(home_of, asked.about)))
    for row in db.execute(query):
        item = placed(row.workspace, row.item)
        yield from _sections(row, item, asked)
        if row.kind == "version":
            places = deployed.get((*parsed(row.item)[1][1:], row.files))
            if places:
                yield Fact(item, DEPLOYED, places)


def evidence(db: Connection, paths: Paths) -> Iterator[tuple[Path, Parts]]:
    """What workspaces told of versions for policies."""
    homes = {home_of(id_of("version", *path)): path for path in paths}
    query = select(OF.workspace, OF.item, OF.evidence)
    for row in db.execute(query.where(Among((OF.workspace, OF.item), homes))):
        told = json.loads(row.evidence)
        parts = {name: part for name, part in told.items() if name in TOLD}
        yield homes[row.workspace, row.item], parts


def history(
    context: Context, db: Connection, since: datetime, infrastructure: str | None
) -> Iterator[PastDeployment]:
    """What workspaces told of their deployments since a moment, of those that one may see.

    Each version is the one that a policy would be asked about if that was deployed now.
    """
    told = [
        (workspace, past)
        for workspace, past in updates_since(db, since)
        if infrastructure in (None, past.infrastructure)
    ]
    seen = ids_of(db, {_deployment(past) for _, past in told}, access_of(context, db).visible())
    decisive = cache(partial(decisive_item, db))
    for workspace, past in told:
        if _deployment(past) in seen:
            homes = ((home_of(item)[1], files) for item, files in past.versions.items())
            versions = {decisive(workspace, *home): home[1] for home in homes}
            yield past.model_copy(update={"versions": versions})


def decisive_item(db: Connection, workspace: str, version: str, files: str) -> str:
    """The item whose approval counts where a workspace deploys a version with these files.

    That of the workspace itself, where it is governed; else one of another workspace that is called
    alike, has the same files, and is governed: what was designed there is deployed here.
    """
    mine = placed(workspace, version)
    others = (placed(*each) for each in alike(db, workspace, version, files))
    for item in chain([mine], others):
        found = find(db, item)
        if found is not None and found.state == "governed" and found.gone is None:
            return item
    return mine


def _deployment(past: PastDeployment) -> str:
    return id_of("deployment", past.project, past.deployment)


def _sections(row: Row[Any], item: str, asked: Asked) -> Iterator[Fact]:
    marks = json.loads(row.marks)
    bodies: dict[str, Any] | None = None
    for name, (mark, bound, readers) in marks.items():
        if row.kind == "version" and name == DEPLOYED:
            continue
        body = None
        if not asked.has(item, name, mark):
            bodies = json.loads(row.facts) if bodies is None else bodies
            body = bodies[name]
        groups = None if readers is None else tuple(readers)
        yield Fact(item, name, body, tuple(bound), mark, groups)


def _deployed(db: Connection) -> Deployed:
    found: Deployed = defaultdict(dict)
    query = select(OF.workspace, OF.item, OF.facts).where(OF.kind == "deployment")
    for row in db.execute(query.order_by(OF.workspace, OF.item)):
        told = json.loads(row.facts)
        body, health = told.get("deployment", {}), told.get("health", {})
        place = {name: body.get(name) for name in ("infrastructure", "stage")}
        place["health"] = health.get("health")
        for version, files in _brought(body):
            key = (*parsed(version)[1][1:], files)
            found[key][placed(row.workspace, row.item)] = place
    return found


def _brought(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The versions that a deployment brings, with their files, as far as it tells any."""
    versions = body.get("versions")
    for item, files in versions.items() if isinstance(versions, dict) else ():
        if item.startswith("version:") and isinstance(files, str):
            yield item, files
