"""Steps at which a release answers few queries first: begun, followed, ended as that ends."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.canaries import repository as canaries
from modelyard.deployments.canaries.commands import StartCanary, StopCanary
from modelyard.deployments.canaries.types import Canary, CanaryState
from modelyard.deployments.deploying.commands import UpdateDeployment
from modelyard.deployments.promoting import repository
from modelyard.deployments.promoting.cases import Case
from modelyard.deployments.promoting.positions import Position
from modelyard.deployments.promoting.types import Promotion, PromotionState, Tried
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

ENDS: dict[CanaryState, PromotionState] = {
    "finished": "done",
    "went_back": "failed",
    "stopped": "rejected",
    "overtaken": "overtaken",
}


def is_tried(case: Case, there: Position) -> bool:
    """Whether a release gets few queries first: where the step says so and another one answers."""
    if case.step.canary is None or there.kept is None or there.kept.pushed is None:
        return False
    settings = there.kept.settings
    return settings.enabled and settings.content != (case.release.name,)


def begin(context: Context, case: Case, there: Position, promotion: Promotion) -> Promotion:
    """Start the canary, with the settings of the step; written down first, so it is found again.

    Raises:
        ModelyardError: it did not begin, and the promotion waits as before.
    """
    project, deployment = case.pipeline.project, there.deployment
    _settle_settings(context, case, there)
    tried = Tried(deployment=deployment, since=now())
    _keep(context, promotion, "waiting", {"state": "trying", "tried": tried})
    plan = case.step.canary.model_dump() if case.step.canary is not None else {}
    command = StartCanary(project=project, name=deployment, package=case.release.name, **plan)
    try:
        context.caller.run(command)
    except errors.ModelyardError:
        current = follow(context, promotion)
        if current.state != "trying" or current.tried is None or current.tried.canary is None:
            _keep(context, promotion, current.state, {"state": "waiting", "tried": None})
            raise
    return follow(context, promotion)


def follow(context: Context, promotion: Promotion) -> Promotion:
    """Write down how the canary of a promotion goes; it ends as that ends.

    Where it was killed before the canary began, and for long enough, the promotion waits again.
    """
    with context.begin() as db:
        repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        if current.state != "trying" or current.tried is None:
            return current
        canary = canary_of(db, current)
        if canary is None:
            return _without(context, db, current, current.tried)
        tried = current.tried.model_copy(update={"canary": canary.number})
        changes: dict[str, object] = {"tried": tried}
        if canary.state != "running":
            who = canary.requester if canary.state != "stopped" else ""
            changes |= {"state": ENDS[canary.state], "ended": canary.ended, "ended_by": who}
            changes["problem"] = "" if canary.state == "finished" else canary.why
        changed = current.model_copy(update=changes)
        return current if changed == current else repository.keep(db, changed)


def canary_of(db: Connection, promotion: Promotion) -> Canary | None:
    """The canary of a promotion; None: it did not begin, or is gone with its deployment."""
    tried = promotion.tried
    if tried is None:
        return None
    if tried.canary is not None:
        return canaries.numbered(db, promotion.project, tried.deployment, tried.canary)
    found = canaries.newest(db, promotion.project, tried.deployment)
    if found is None or found.new != promotion.release:
        return None
    return found if found.state == "running" or found.started >= tried.since else None


def stop(context: Context, promotion: Promotion) -> None:
    """Have the package that answered before answer everything again."""
    if promotion.tried is not None:
        command = StopCanary(project=promotion.project, name=promotion.tried.deployment)
        context.caller.run(command)


def _without(context: Context, db: Connection, promotion: Promotion, tried: Tried) -> Promotion:
    """Nothing is tried: it was deleted, or whoever began it was killed, or is about to."""
    if tried.canary is not None:
        gone = f"{tried.deployment} was deleted while {promotion.release} was tried on it"
        ended = {"state": "overtaken", "ended": now(), "problem": gone}
        return repository.keep(db, promotion.model_copy(update=ended))
    if now() - tried.since < timedelta(seconds=context.settings.deployments.lease):
        return promotion
    waits = {"state": "waiting", "tried": None, "job": None}
    return repository.keep(db, promotion.model_copy(update=waits))


def _settle_settings(context: Context, case: Case, there: Position) -> None:
    """Give the deployment the settings of the step, with the package that answers now."""
    given = case.step.settings.model_dump(exclude_defaults=True)
    command = UpdateDeployment.model_validate(
        {"project": case.pipeline.project, "name": there.deployment, "light": True, **given}
    )
    if there.kept is not None and command.changed(there.kept.settings) != there.kept.settings:
        context.caller.run(command)


def _keep(
    context: Context, promotion: Promotion, state: PromotionState, changes: dict[str, object]
) -> None:
    """Change a promotion that is in a state; Conflict if it is not any more."""
    with context.begin() as db:
        repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        if current.state != state:
            raise errors.Conflict(f"promotion {promotion.number} is {current.state} by now")
        repository.keep(db, current.model_copy(update=changes))
