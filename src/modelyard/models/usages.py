"""What uses a saved model: recipes, and endpoints of services."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, literal, select, union_all

from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.models.types import Usage
from modelyard.store.paging import page
from modelyard.store.tables import recipes, service_endpoints

RUNS = {"scoring": "scoring run", "evaluation": "evaluations run"}
"""The room and verb of recipes that name a saved model, by their kind."""


def usages(db: Connection, project: str, model: str, asked: Paged = ALL) -> Page[Usage]:
    """The recipes that use a saved model, by name; then the endpoints of services."""
    of, inside = recipes.c, service_endpoints.c
    saved = select(literal("").label("service"), of.name, of.body).where(
        of.project == project, of.model == model
    )
    served = select(inside.service, inside.name, inside.body).where(
        inside.project == project, inside.model == model
    )
    both = union_all(saved, served).subquery()
    return page(db, select(both), [both.c.service, both.c.name], asked, _usage)


def user_of(usage: Usage) -> str:
    """What uses it, in a sentence."""
    return usage.recipe or f"the endpoint {usage.service}/{usage.endpoint}"


def _usage(row: Row[Any]) -> Usage:
    body = json.loads(row.body)
    if row.service:
        return Usage(
            service=row.service, endpoint=row.name, kind="endpoint", version=body["version"]
        )
    return Usage(
        recipe=row.name,
        kind=RUNS[body.get("kind", "scoring")],
        version=body["command"].get("version"),
    )
