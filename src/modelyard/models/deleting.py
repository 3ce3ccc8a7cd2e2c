"""Deleting versions: their rows in the caller's transaction, their files after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from modelyard.kernel.context import Context
from modelyard.models import activating, repository
from modelyard.models.folders import forget_folder
from modelyard.store.keeping import collect


@dataclass(frozen=True)
class Freed:
    """What deleted versions leave behind: artifacts and loadable folders, by digest."""

    artifacts: frozenset[str]
    folders: frozenset[str]

    def release(self, context: Context) -> None:
        """Remove what no other version needs, once the transaction is committed."""
        collect(context, set(self.artifacts))
        for digest in self.folders:
            forget_folder(context, digest)


def delete_versions(
    db: Connection, project: str, model: str, names: Collection[str], *, by: str
) -> Freed:
    """Delete the rows of some versions; NotFound if one is not there.

    If one is active, it is noted `by` whom it was deleted.
    """
    active = repository.get_model(db, project, model).active_version
    freed = _delete_rows(db, project, model, names)
    if active in names:
        activating.set_active(db, project, model, None, "deleted", by)
    activating.settle_previous(db, project, model)
    return freed


def _delete_rows(db: Connection, project: str, model: str, names: Iterable[str]) -> Freed:
    artifacts: set[str] = set()
    folders: set[str] = set()
    for name in names:
        folders.add(repository.get_version(db, project, model, name).digest)
        artifacts |= repository.kept_digests(db, project, model, name)
        artifacts |= repository.evaluated_digests(db, project, model, name)
        artifacts |= repository.replayed_digests(db, project, model, name)
    repository.delete_versions(db, project, model, names)
    return Freed(frozenset(artifacts), frozenset(folders))


def delete_model(db: Connection, project: str, model: str) -> Freed:
    """Delete the rows of a saved model and of all its versions."""
    names = repository.version_names(db, project, model)
    freed = _delete_rows(db, project, model, names)
    repository.delete_model(db, project, model)
    return freed


def delete_models(db: Connection, project: str) -> Freed:
    """Delete the rows of every saved model of a project."""
    freed = [delete_model(db, project, model.name) for model in repository.list_models(db, project)]
    return Freed(
        frozenset().union(*(each.artifacts for each in freed)),
        frozenset().union(*(each.folders for each in freed)),
    )
