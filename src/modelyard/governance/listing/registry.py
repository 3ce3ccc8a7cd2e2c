"""Registries: what facts of items say about models, bundles and what is around them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from modelyard.governance.items.ids import id_of
from modelyard.governance.items.repository import SUMMARY
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing.reading import with_signoffs
from modelyard.governance.listing.registry_types import (
    BundleLine,
    Measured,
    ModelLine,
    Place,
    VersionLine,
)
from modelyard.store.tables import governed_items

OF = governed_items.c
MOST = 20
"""Versions of a model that are told, the newest; the active one always is."""
DRIFT = "dataDrift"
ORDINARY = {"regression": "rmse"}
USUAL = "auc"
Facts = Mapping[str, Any]


def models(
    db: Connection, found: Sequence[ListedItem], seen: ColumnElement[bool], metric: str | None
) -> list[ModelLine]:
    """Models with their versions that meet `seen`, by facts alone."""
    own = {item: facts.get("model", {}) for item, facts in _facts(db, found).items()}
    active = {
        id_of("version", each.project, each.name, own[each.id]["active_version"])
        for each in found
        if own[each.id].get("active_version")
    }
    rows = _rows(db, [each.id for each in found], active, seen)
    told = {row.id: json.loads(row.facts) for row in rows}
    versions: dict[str | None, list[ListedItem]] = defaultdict(list)
    for each in with_signoffs(db, [_item(row) for row in rows]):
        versions[each.parent].append(each)
    return [_model(each, own[each.id], versions[each.id], told, metric) for each in found]


def bundles(
    db: Connection, found: Sequence[ListedItem], seen: ColumnElement[bool]
) -> list[BundleLine]:
    """Bundles with where they are deployed, as far as deployments meet `seen`."""
    told = _facts(db, found)
    placed: dict[tuple[str, str], list[Place]] = defaultdict(list)
    query = select(OF.id, OF.project, OF.facts).where(
        seen,
        OF.kind == "deployment",
        OF.gone.is_(None),
        OF.project.in_({each.project for each in found}),
    )
    for row in db.execute(query):
        facts = json.loads(row.facts)
        if facts["deployment"]["kind"] == "project":
            health = facts.get("health", {}).get("health", "")
            for name in facts["deployment"]["content"]:
                placed[row.project, name].append(_place(row.id, facts["deployment"], health))
    return [
        _bundle(each, told[each.id]["bundle"], placed[each.project, each.name]) for each in found
    ]


def measured(facts: Facts, metric: str) -> Measured:
    """A metric in the first and in the newest evaluation that tells it."""
    known = [each for each in _evaluations(facts) if each["metrics"].get(metric) is not None]
    if not known:
        return Measured()
    first, last = known[0], known[-1]
    initial, newest = first["metrics"][metric], last["metrics"][metric]
    return Measured(
        initial=initial,
        initial_at=first["created"],
        newest=newest,
        newest_at=last["created"],
        change=newest - initial,
    )


def _evaluations(facts: Facts) -> list[dict[str, Any]]:
    """All that facts tell, by their moments: those in no store, and the ends of each store."""
    told = dict(facts.get("evaluations", {}))
    for store in facts.get("monitoring", {}).values():
        told |= {each["id"]: each for each in (store["first"], store["newest"])}
    return sorted(told.values(), key=lambda each: (each["created"], each["id"]))


def _facts(db: Connection, found: Sequence[ListedItem]) -> dict[str, Facts]:
    query = select(OF.id, OF.facts).where(OF.id.in_([each.id for each in found]))
    return {row.id: json.loads(row.facts) for row in db.execute(query)}


def _rows(
    db: Connection, models: Sequence[str], active: Collection[str], seen: ColumnElement[bool]
) -> list[Row[Any]]:
    """The newest versions of each model, and those that are active."""
    newest = (OF.created.desc(), OF.id.desc())
    place = func.row_number().over(partition_by=OF.parent, order_by=newest)
    there = (seen, OF.parent.in_(models), OF.gone.is_(None), OF.state != "hidden")
    ranked = select(OF.id, place.label("place")).where(*there).subquery()
    query = select(*(OF[name] for name in SUMMARY), OF.facts).join(ranked, ranked.c.id == OF.id)
    query = query.where(or_(ranked.c.place <= MOST, OF.id.in_(active)))
    return list(db.execute(query.order_by(OF.parent, ranked.c.place)))


def _item(row: Row[Any]) -> ListedItem:
    return ListedItem(**{name: getattr(row, name) for name in SUMMARY})


def _model(
    item: ListedItem,
    own: Facts,
    inside: Sequence[ListedItem],
    told: Mapping[str, Facts],
    metric: str | None,
) -> ModelLine:
    predicts = str(own.get("prediction_type", ""))
    code = DRIFT if metric == "drift" else metric or ORDINARY.get(predicts, USUAL)
    versions = tuple(_version(each, told[each.id], code) for each in inside)
    known = {
        name
        for each in inside
        for one in _evaluations(told[each.id])
        for name, value in one["metrics"].items()
        if value is not None
    }
    return ModelLine(
        **dict(item),
        prediction_type=predicts,
        active=own.get("active_version"),
        metric=code,
        metrics=tuple(sorted(known)),
        versions=versions,
        deployed=len({each.deployment for one in versions for each in one.deployments}),
    )


def _version(item: ListedItem, facts: Facts, metric: str) -> VersionLine:
    drifting = [
        (store["newest"]["created"], name, store["newest"]["metrics"][DRIFT])
        for name, store in facts.get("monitoring", {}).items()
        if store["newest"]["metrics"].get(DRIFT) is not None
    ]
    at, store, drift = max(drifting, default=(None, None, None))
    places = facts.get("deployments", {})
    return VersionLine(
        **dict(item),
        active=bool(facts.get("activation", {}).get("active")),
        measured=measured(facts, metric),
        drift=drift,
        drift_store=store,
        drift_at=at,
        checks=facts.get("checks", {}).get("worst"),
        deployments=tuple(_place(name, told) for name, told in sorted(places.items())),
    )


def _bundle(item: ListedItem, facts: Facts, places: Sequence[Place]) -> BundleLine:
    return BundleLine(
        **dict(item),
        made=facts.get("created"),
        made_by=facts.get("created_by") or "",
        notes=facts.get("notes") or "",
        versions=tuple(
            id_of("version", item.project, each["model"], each["version"])
            for each in facts.get("versions", ())
        ),
        deployments=tuple(places),
    )


def _place(deployment: str, told: Facts, health: str = "") -> Place:
    return Place(
        deployment=deployment,
        infrastructure=told["infrastructure"],
        stage=told["stage"],
        health=told.get("health", health),
    )
