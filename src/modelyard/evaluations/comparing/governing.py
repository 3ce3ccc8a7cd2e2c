"""What policies ask of comparisons, found out before they are asked: it may take seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from modelyard.evaluations import repository
from modelyard.evaluations.comparing.pairing import pairs_with
from modelyard.evaluations.types import Evaluation
from modelyard.governance.policies.types import BetterClause, Clause
from modelyard.kernel.context import Context
from modelyard.models.access import active_versions
from modelyard.store.tables import evaluations

MOST = 5
"""Pairs of datasets and stores that are looked at, of those the newest."""
SECONDS = 30.0
"""That are given to one version."""


def make_ready(
    context: Context, project: str, model: str, version: str, clauses: Iterable[Clause]
) -> None:
    """Find out what a version differs by from the active one, on the rows of its evaluations."""
    if not any(isinstance(clause, BetterClause) for clause in clauses):
        return
    with context.read() as db:
        rival = active_versions(db, project).get(model)
        if rival is None or rival == version:
            return
        mine = _newest(db, (project, model, version))
        others = _newest(db, (project, model, rival))
    for other in others:
        same = [each for each in mine if each.dataset is not None and each.dataset == other.dataset]
        if same:
            pairs_with(context, other, same, None, SECONDS)


def _newest(db: Connection, path: tuple[str, str, str]) -> Sequence[Evaluation]:
    """The newest evaluation of a version on each dataset in each store."""
    of, (project, model, version) = evaluations.c, path
    mine = (of.project == project) & (of.model == model) & (of.version == version)
    query = select(of.id, of.store, of.dataset).where(mine).order_by(of.created.desc(), of.id)
    found: dict[tuple[str | None, str | None], str] = {}
    for row in db.execute(query):
        found.setdefault((row.store, row.dataset), row.id)
    return [repository.get(db, project, each) for each in list(found.values())[:MOST]]
