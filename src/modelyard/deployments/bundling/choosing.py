"""What of a project is to be in a bundle: versions, and evaluations of stores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.evaluations.comparing.types import Comparison
from modelyard.store.bodies import text_in
from modelyard.store.tables import comparisons, evaluation_stores, evaluations, models, versions

Version = tuple[str, str]
"""A saved model, and the id of one of its versions."""


@dataclass(frozen=True)
class Chosen:
    """What of a project is to be in a bundle."""

    versions: frozenset[Version]
    stores: tuple[str, ...]
    evaluations: frozenset[str]

    def has(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether a row is part of it."""
        match BUNDLED[table].choice:
            case "versions":
                return (row["model"], row["version"]) in self.versions
            case "evaluations":
                return row["id" if table == "evaluations" else "evaluation"] in self.evaluations
            case None:
                return True


def chosen(
    db: Connection, project: str, models: Collection[str], stores: Collection[str]
) -> Chosen:
    """Find out what was asked for.

    Evaluations come along with the stores that are chosen; those in no store with the version that
    they are of; and what stands for a version or a store, or is compared, in any case.

    Raises:
        NotFound: there is no such saved model, version or store.
        Invalid: 'all', 'active' or 'none' stand beside others.
    """
    which = frozenset(_versions(db, project, models))
    kept = tuple(sorted(_stores(db, project, stores)))
    return Chosen(which, kept, frozenset(_evaluations(db, project, which, kept)))


def _versions(db: Connection, project: str, asked: Collection[str]) -> Iterable[Version]:
    query = select(models.c.name, models.c.active_version).where(models.c.project == project)
    active = {row.name: row.active_version for row in db.execute(query)}
    of = versions.c
    there = set(map(tuple, db.execute(select(of.model, of.version).where(of.project == project))))
    match _word(asked, ("all", "active", "none"), "models"):
        case "all":
            return there
        case "active":
            return {(name, version) for name, version in active.items() if version is not None}
        case "none":
            return ()
    return [version for each in asked for version in _named(each, active, there)]


def _named(each: str, known: Collection[str], there: Collection[Version]) -> Iterator[Version]:
    model, colon, version = each.partition(":")
    if model not in known:
        raise errors.NotFound.among("saved model named", model, known)
    own = [(name, one) for name, one in there if name == model and (not colon or one == version)]
    if colon and not own:
        others = [one for name, one in there if name == model]
        raise errors.NotFound.among(f"version of {model!r} named", version, others)
    yield from own


def _stores(db: Connection, project: str, asked: Collection[str]) -> Iterable[str]:
    of = evaluation_stores.c
    there = set(db.scalars(select(of.name).where(of.project == project)))
    match _word(asked, ("all", "none"), "stores"):
        case "all":
            return there
        case "none":
            return ()
    for name in asked:
        if name not in there:
            raise errors.NotFound.among("evaluation store named", name, there)
    return set(asked)


def _word(asked: Collection[str], words: tuple[str, ...], field: str) -> str | None:
    """The word that was given instead of names."""
    found = [word for word in words if word in asked]
    if found and len(asked) > 1:
        raise errors.Invalid(f"--{field} {found[0]} stands alone: give it, or names", field=field)
    return found[0] if found else None


def _evaluations(
    db: Connection, project: str, which: Collection[Version], stores: Collection[str]
) -> Iterator[str]:
    of = evaluations.c
    named = set(_standing(db, project, which))
    query = select(of.id, of.store, of.model, of.version).where(of.project == project)
    for row in db.execute(query, execution_options={"yield_per": 1000}):
        of_version = row.store is None and (row.model, row.version) in which
        if row.store in stores or of_version or row.id in named:
            yield row.id


def _standing(db: Connection, project: str, which: Collection[Version]) -> Iterator[str]:
    """Ids of evaluations that stand for versions and stores, or are compared."""
    of = versions.c
    stands = text_in(db, of.body, "reference_evaluation").label("stands")
    query = select(of.model, of.version, stands).where(of.project == project)
    yield from (row.stands for row in db.execute(query) if (row.model, row.version) in which)
    chosen_by = evaluation_stores.c
    reference = select(chosen_by.reference).where(chosen_by.project == project)
    yield from filter(None, db.scalars(reference))
    compared = select(comparisons.c.body).where(comparisons.c.project == project)
    for body in db.scalars(compared):
        items = Comparison.model_validate_json(body).items
        yield from (item.key for item in items if item.version is None)
