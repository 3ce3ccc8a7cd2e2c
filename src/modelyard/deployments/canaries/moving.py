"""Has nodes do what is wanted of a canary: share queries, go on, go back."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.canaries import repository
from modelyard.deployments.canaries.measuring import tallies
from modelyard.deployments.canaries.types import Canary, CanaryState, Wanted
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying.commands import UpdateDeployment
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

PASSING = (errors.Conflict, errors.Unavailable)
"""Errors after which the same is tried again: somebody else deploys, or something is away."""
ENDS: dict[Wanted, CanaryState] = {"finish": "finished", "back": "went_back", "stop": "stopped"}


def want(context: Context, canary: Canary, wanted: Wanted, why: str) -> Canary:
    """Write down what is to be done, in place of what was."""
    with context.begin() as db:
        deployments.get(db, canary.project, canary.deployment, lock=True)
        current = repository.running(db, canary.project, canary.deployment)
        return repository.keep(db, current.model_copy(update={"wanted": wanted, "why": why}))


def carry_out(context: Context, canary: Canary) -> Canary:
    """Do what is wanted, if anything is: again after it was killed half-way, it ends well.

    What fails on a node goes back there by itself; the canary then goes back as a whole.

    Raises:
        Conflict: somebody else is changing the deployment.
        Failed: a node failed, also at going back.
    """
    wanted = canary.wanted
    if canary.state != "running" or wanted is None:
        return canary
    if wanted == "advance":
        canary = _next_step(context, canary)
        wanted = canary.wanted
    if wanted in ("finish", "back", "stop"):
        package = canary.new if wanted == "finish" else canary.old
        _update(context, canary, {package: 1.0})
        return _end(context, canary, ENDS[wanted])
    share = canary.plan.steps[canary.step]
    try:
        _update(context, canary, {canary.old: 1 - share, canary.new: share})
    except PASSING:
        raise
    except errors.ModelyardError as exc:
        _end_or_go_back(context, canary, exc)
        raise
    return _begun(context, canary, share)


def _next_step(context: Context, canary: Canary) -> Canary:
    with context.begin() as db:
        current = _same(db, canary)
        if current.wanted != "advance":
            return current
        if current.step + 1 == len(current.plan.steps):
            changes: dict[str, object] = {"wanted": "finish", "why": "it did no worse in any step"}
        else:
            changes = {"wanted": "begin", "step": current.step + 1, "began": None, "looked": 0}
        return repository.keep(db, current.model_copy(update=changes))


def _begun(context: Context, canary: Canary, share: float) -> Canary:
    """What was counted up to now is left out; from here on the step counts."""
    with context.read() as db:
        kept = deployments.get(db, canary.project, canary.deployment)
        where = infrastructures.get(db, kept.infrastructure)
    began = now()
    before = tallies(context, where, kept, began)
    known = {name: before[name] for name in (canary.old, canary.new) if name in before}
    changes = {"share": share, "began": began, "before": known, "wanted": None, "looked": 0}
    with context.begin() as db:
        current = _same(db, canary)
        if current.wanted != "begin":
            return current
        return repository.keep(db, current.model_copy(update={**changes, "job": None}))


def _update(context: Context, canary: Canary, shares: dict[str, float]) -> None:
    guard = (
        {} if canary.guard is None else canary.guard.model_dump(include={"error_rate", "p99_ms"})
    )
    here = {"project": canary.project, "name": canary.deployment}
    context.caller.run(UpdateDeployment.model_validate({**here, **guard, "share": shares}))


def _end_or_go_back(context: Context, canary: Canary, exc: errors.ModelyardError) -> None:
    """The first step left nothing changed; of a later one the queries still are shared."""
    if canary.step == 0:
        _end(context, canary, "went_back", why=exc.detail)
    else:
        want(context, canary, "back", exc.detail)


def _end(context: Context, canary: Canary, state: CanaryState, why: str = "") -> Canary:
    with context.begin() as db:
        current = _same(db, canary)
        share = 1.0 if state == "finished" else 0.0
        changes = {"state": state, "ended": now(), "wanted": None, "share": share, "next": ""}
        return repository.keep(
            db, current.model_copy(update={**changes, "why": why or current.why})
        )


def _same(db: Connection, canary: Canary) -> Canary:
    """The canary as it is by now; Conflict if another one was started."""
    deployments.get(db, canary.project, canary.deployment, lock=True)
    current = repository.newest(db, canary.project, canary.deployment)
    if current is None or current.number != canary.number:
        raise errors.Conflict(f"another canary of {canary.deployment} was started meanwhile")
    return current
