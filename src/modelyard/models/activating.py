"""Which version of a model is active, and which ones were before: the history of activations."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, Update, func, insert, select, update

from modelyard.kernel.paging import ALL, Page, Paged
from modelyard.kernel.values import now
from modelyard.models.repository import active_version, version_names
from modelyard.models.types import Activation, HowActivated, VersionId
from modelyard.store.paging import page
from modelyard.store.tables import activations, models


def previous(
    history: Iterable[Activation], there: Collection[VersionId], active: VersionId | None
) -> VersionId | None:
    """The version that a roll-back activates; None: there is none.

    Activations lie on one another, and a roll-back takes off those above the one it went back to,
    so that two roll-backs go two steps back, not to and fro.

    Args:
        history: all activations, the oldest first.
        there: the versions that there are.
        active: the one that is active.
    """
    below: list[VersionId] = []
    for each in history:
        if not below and each.before is not None:
            below.append(each.before)
        if each.how == "rolled_back":
            while below and below[-1] != each.version:
                below.pop()
        if each.version is not None and below[-1:] != [each.version]:
            below.append(each.version)
    return next((name for name in reversed(below) if name in there and name != active), None)


def set_active(
    db: Connection, project: str, model: str, version: str | None, how: HowActivated, by: str
) -> None:
    """Name the active version, and note who did it; nothing happens if it is active already."""
    before, of = active_version(db, project, model), activations.c
    if before == version:
        return
    mine = (of.project == project) & (of.model == model)
    last = db.scalar(select(func.max(of.number)).where(mine)) or 0
    activation = Activation(
        number=last + 1, before=before, version=version, how=how, activated=now(), activated_by=by
    )
    row = {"project": project, "model": model, **activation.model_dump()}
    db.execute(insert(activations).values(row))
    db.execute(_model(project, model).values(active_version=version))
    settle_previous(db, project, model)


def settle_previous(db: Connection, project: str, model: str) -> None:
    """Name the version that was active before, of those that are still there."""
    of = activations.c
    mine = (of.project == project) & (of.model == model)
    rows = db.execute(select(activations).where(mine).order_by(of.number))
    found = previous(
        map(_activation, rows),
        version_names(db, project, model),
        active_version(db, project, model),
    )
    db.execute(_model(project, model).values(previous_version=found))


def list_activations(
    db: Connection, project: str, model: str, asked: Paged = ALL
) -> Page[Activation]:
    """The activations of a saved model, the newest first; NotFound if there is no such model."""
    active_version(db, project, model)
    of = activations.c
    query = select(activations).where(of.project == project, of.model == model)
    return page(db, query, [of.number], asked, _activation, descending=True)


def _activation(row: Row[Any]) -> Activation:
    found = row._asdict()
    return Activation.model_validate({name: found[name] for name in Activation.model_fields})


def _model(project: str, name: str) -> Update:
    return update(models).where(models.c.project == project, models.c.name == name)
