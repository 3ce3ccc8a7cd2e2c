"""How other rooms ask about evaluations."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.evaluations import repository
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.evaluations.comparing import repository as comparing
from modelyard.evaluations.drifting import repository as drifting
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.evaluations.planning import make_plan, make_standalone_plan
from modelyard.evaluations.storing import repository as stores
from modelyard.evaluations.storing.reference import Reference, own_of_version, reference_for
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.evaluations.types import Evaluation, EvaluationSummary
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL, Paged

__all__ = [
    "DriftSummary",
    "Reference",
    "check_evaluation",
    "evaluation_of",
    "evaluations_before",
    "forget_project",
    "newest_drift",
    "newest_of",
    "own_of_version",
    "reference_for",
    "require_store",
]


def check_evaluation(context: Context, command: RunEvaluation | EvaluateStandalone) -> None:
    """Refuse an evaluation that could only fail; errors as in `make_plan`."""
    if isinstance(command, RunEvaluation):
        make_plan(command, context)
    else:
        make_standalone_plan(command, context)


def require_store(db: Connection, project: str, name: str) -> EvaluationStore:
    """Look an evaluation store up; NotFound if there is none."""
    return stores.get(db, project, name)


def newest_of(db: Connection, project: str, store: str) -> Evaluation | None:
    """The newest evaluation of a store; None: it is empty.

    Raises:
        NotFound: there is no such store.
    """
    latest = stores.get(db, project, store).latest
    return None if latest is None else repository.get(db, project, latest)


def evaluation_of(db: Connection, project: str, store: str, identifier: str) -> Evaluation:
    """Look an evaluation of a store up.

    Raises:
        NotFound: there is none of this id, or it is not in the store.
    """
    found = repository.get(db, project, identifier)
    if found.store != store:
        raise errors.NotFound(f"the evaluation {identifier!r} is not in the store {store!r}")
    return found


def evaluations_before(db: Connection, evaluation: Evaluation) -> list[EvaluationSummary]:
    """Those of its store that were made before an evaluation, the oldest first."""
    inside = {"store": evaluation.store}
    found = repository.list_all(db, evaluation.project, ALL, inside, sort="created")
    return [each for each in found if each.created < evaluation.created]


def newest_drift(db: Connection, evaluation: Evaluation) -> DriftSummary | None:
    """The newest drift report of an evaluation."""
    of = {"evaluation": evaluation.id}
    return next(iter(drifting.list_all(db, evaluation.project, Paged(limit=1), of)), None)


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete the evaluations, stores, comparisons and drift reports of a project.

    Gives the digests of the files they kept.
    """
    digests = drifting.remove(db, project) | repository.remove(db, project)
    stores.remove(db, project)
    comparing.remove(db, project)
    return digests
