"""How other rooms ask about evaluations."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard.evaluations import repository
from modelyard.evaluations.commands import EvaluateStandalone, RunEvaluation
from modelyard.evaluations.comparing import repository as comparing
from modelyard.evaluations.drifting import repository as drifting
from modelyard.evaluations.planning import make_plan, make_standalone_plan
from modelyard.evaluations.storing import repository as stores
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.kernel.context import Context


def check_evaluation(context: Context, command: RunEvaluation | EvaluateStandalone) -> None:
    """Refuse an evaluation that could only fail; errors as in `make_plan`."""
    if isinstance(command, RunEvaluation):
        make_plan(command, context)
    else:
        make_standalone_plan(command, context)


def require_store(db: Connection, project: str, name: str) -> EvaluationStore:
    """Look an evaluation store up; NotFound if there is none."""
    return stores.get(db, project, name)


def forget_project(db: Connection, project: str) -> set[str]:
    """Delete the evaluations, stores, comparisons and drift reports of a project.

    Gives the digests of the files they kept.
    """
    digests = drifting.remove(db, project) | repository.remove(db, project)
    stores.remove(db, project)
    comparing.remove(db, project)
    return digests
