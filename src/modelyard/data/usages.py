"""What uses a connection or a dataset: datasets in it, recipes and endpoints that read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import Connection as Database
from sqlalchemy import select

from modelyard import errors
from modelyard.data.places import PREFIX
from modelyard.store.tables import datasets, recipes, service_endpoints


def of_connection(db: Database, project: str, name: str) -> list[str]:
    """The datasets in a connection, and the recipes that name a place in it, as words."""
    inside = db.scalars(
        select(datasets.c.name)
        .where(datasets.c.project == project, datasets.c.connection == name)
        .order_by(datasets.c.name)
    ).all()
    place = f"{PREFIX}{name}/"
    return [
        *_words("dataset", inside),
        *_words("recipe", _recipes(db, project, lambda named: named.startswith(place))),
        *_words("endpoint", _endpoints(db, project, lambda named: named.startswith(place))),
    ]


def of_dataset(db: Database, project: str, name: str) -> list[str]:
    """The recipes that read or write a dataset, and the endpoints that look it up, as words."""
    return [
        *_words("recipe", _recipes(db, project, lambda named: named == name)),
        *_words("endpoint", _endpoints(db, project, lambda named: named == name)),
    ]


ENDS = ("input", "output", "dataset", "metrics_output", "reference")
"""The settings of recipes that name what they read or write."""


def refuse(what: str, used: Sequence[str]) -> None:
    """Raise Conflict if something uses what is to be deleted."""
    if used:
        raise errors.Conflict(
            f"{what} is used by {' and '.join(used)}; delete what uses it first, or delete it "
            "all the same with --force"
        )


def _recipes(db: Database, project: str, is_meant: Callable[[str], bool]) -> list[str]:
    query = (
        select(recipes.c.name, recipes.c.body)
        .where(recipes.c.project == project)
        .order_by(recipes.c.name)
    )
    settings = {name: json.loads(body)["command"] for name, body in db.execute(query)}
    return [
        name
        for name, given in settings.items()
        if any(is_meant(given[end]) for end in ENDS if given.get(end))
    ]


def _endpoints(db: Database, project: str, is_meant: Callable[[str], bool]) -> list[str]:
    """The endpoints of services, as service/endpoint, with a lookup in what is meant."""
    of = service_endpoints.c
    query = select(of.service, of.name, of.body).where(of.project == project)
    return [
        f"{service}/{name}"
        for service, name, body in db.execute(query.order_by(of.service, of.name))
        if any(is_meant(lookup["dataset"]) for lookup in json.loads(body)["lookups"])
    ]


def _words(kind: str, names: Sequence[str]) -> list[str]:
    plural = "s" if len(names) > 1 else ""
    return [f"the {kind}{plural} {', '.join(names)}"] if names else []
