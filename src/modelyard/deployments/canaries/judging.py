"""Looks at a canary when it is time, and says what is to be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from modelyard import errors
from modelyard.analysis.canary import (
    LOOKS,
    Compared,
    Counted,
    compare_errors,
    compare_slow,
    spent_at,
)
from modelyard.deployments.canaries import repository
from modelyard.deployments.canaries.measuring import edge_above, in_step, p99_of, tallies
from modelyard.deployments.canaries.types import Canary, CanaryLook, Found
from modelyard.deployments.deploying import repository as deployments
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.deploying.types import ServiceSettings
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.evaluations.commands import ListEvaluations
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.commands import ListChecks, ListResults
from modelyard.services.access import find_package


def judge(context: Context, canary: Canary) -> Canary:
    """Look at one whose step began, if it is time, and keep what is to be done.

    A look that was made is written down with that, so that none is made twice. Where nodes cannot
    be reached nothing is decided, and `next` says so.
    """
    with context.read() as db:
        kept = deployments.get(db, canary.project, canary.deployment)
        where = infrastructures.get(db, kept.infrastructure)
    if canary.began is None or canary.wanted is not None:
        return canary
    if why := _changed(kept, canary):
        return _kept(context, canary, state="overtaken", why=why, ended=now())
    if kept.health == "OUT_OF_SYNC":
        why = f"{kept.name} is OUT_OF_SYNC: a node went back by itself, or was changed"
        return _kept(context, canary, wanted="back", why=why)
    try:
        found = tallies(context, where, kept, canary.began)
    except (errors.Unavailable, errors.Failed) as exc:
        return _kept(context, canary, next=f"cannot be judged now: {exc.detail}")
    old, new = (in_step(canary, found, package) for package in (canary.old, canary.new))
    return _decided(context, canary, old, new)


def _decided(context: Context, canary: Canary, old: Counted, new: Counted) -> Canary:
    plan, spent = canary.plan, now() - (canary.began or now())
    lasted = spent >= timedelta(minutes=plan.minutes)
    passed = sum(new.queries >= plan.queries * part for part in (LOOKS if lasted else LOOKS[:-1]))
    if passed > canary.looked and old.queries:
        look = look_at(canary, old, new)
        made = {"looks": (*canary.looks, look), "looked": passed}
        if look.found == "worse":
            return _kept(context, canary, **made, wanted="back", why=look.why)
        canary = canary.model_copy(update=made)
    if canary.looked >= len(LOOKS):
        return _ended_step(context, canary)
    if spent > timedelta(hours=plan.hours):
        why = f"{new.queries} of {plan.queries} queries were answered in {plan.hours:g} hours"
        return _kept(context, canary, wanted="back", why=why)
    waits = f"{new.queries} of {plan.queries} queries, {spent.total_seconds() / 60:.3g} of "
    return _kept(context, canary, next=f"{waits}{plan.minutes:g} minutes")


def look_at(canary: Canary, old: Counted, new: Counted) -> CanaryLook:
    """Compare both as they are now."""
    plan = canary.plan
    measures = 2 if plan.slower else 1
    level = spent_at(plan.error, len(plan.steps), measures)
    failed = compare_errors(old, new)
    old_p99, new_p99 = p99_of(old), p99_of(new)
    slow = None
    if plan.slower and old_p99 is not None:
        slow = compare_slow(old, new, edge_above(plan.slower * old_p99))
    found, why = _told(canary, failed, slow, level, (old_p99, new_p99))
    return CanaryLook(
        at=now(),
        share=canary.share,
        queries=new.queries,
        old_queries=old.queries,
        errors=failed.new,
        old_errors=failed.old,
        errors_p=failed.p,
        p99=None if new_p99 is None else new_p99 * 1000,
        old_p99=None if old_p99 is None else old_p99 * 1000,
        slow_p=None if slow is None else slow.p,
        level=level,
        found=found,
        why=why,
    )


def _told(
    canary: Canary,
    failed: Compared,
    slow: Compared | None,
    level: float,
    p99: tuple[float | None, float | None],
) -> tuple[Found, str]:
    shares = f"{failed.new:.2%} of the queries of {canary.new} failed, {failed.old:.2%} of those"
    if failed.p < level:
        return "worse", f"{shares} of {canary.old} (p = {failed.p:.1g})"
    old, new = p99
    if slow is not None and slow.p < level and old is not None and new is not None:
        return "worse", (
            f"99 of 100 queries of {canary.new} took {new * 1000:.3g} ms, more than "
            f"{canary.plan.slower:g} times the {old * 1000:.3g} ms of {canary.old} "
            f"(p = {slow.p:.1g})"
        )
    return "no_worse", f"{shares} of {canary.old}: no worse beyond chance"


def _ended_step(context: Context, canary: Canary) -> Canary:
    """All looks of the step found nothing; checks of its versions are the last thing."""
    if canary.plan.store is None:
        return _kept(context, canary, wanted="advance", next="")
    holds, why = checked(context, canary, canary.plan.store)
    if holds is None:
        if now() - (canary.began or now()) > timedelta(hours=canary.plan.hours):
            return _kept(context, canary, wanted="back", why=why)
        return _kept(context, canary, next=why)
    return _kept(context, canary, wanted="advance" if holds else "back", next="", why=why)


def checked(context: Context, canary: Canary, store: str) -> tuple[bool | None, str]:
    """Whether the checks of a store hold of its versions; None: nobody knows yet.

    What counts is the newest evaluation of each version that was made since the step began.
    """
    with context.read() as db:
        kept = deployments.get(db, canary.project, canary.deployment)
        package = find_package(db, canary.project, kept.target, canary.new)
    here: dict[str, Any] = {"project": canary.project, "store": store}
    names = [each.name for each in context.caller.run(ListChecks(**here)) if not each.disabled]
    for model in package.manifest.models:
        what = f"{model.model} {model.version}"
        asked = ListEvaluations(**here, model=model.model, version=model.version, limit=1)
        newest = context.caller.run(asked)
        if not newest or canary.began is None or newest[0].created < canary.began:
            return None, f"{what} was not evaluated in {store} since the step began"
        results = context.caller.run(ListResults(**here, evaluation=newest[0].id))
        outcomes = {each.check: each for each in reversed(results)}
        for name in names:
            if name not in outcomes:
                return None, f"the check {name} was not run on {newest[0].id}"
            if outcomes[name].outcome == "error":
                return False, f"the check {name} is error for {what}: {outcomes[name].message}"
    return True, f"the checks of {store} hold"


def _changed(kept: Kept, canary: Canary) -> str:
    """How the deployment is otherwise than the canary left it; empty: it is not."""
    settings = kept.settings
    if not isinstance(settings, ServiceSettings):
        return f"{kept.name} is a deployment of a bundle now"
    wanted = {canary.old: 1 - canary.share, canary.new: canary.share}
    if settings.enabled and settings.packages == wanted:
        return ""
    have = ", ".join(f"{name} {share:g}" for name, share in settings.packages.items())
    return f"somebody changed {kept.name}: {have if settings.enabled else 'it is disabled'}"


def _kept(context: Context, canary: Canary, **changes: object) -> Canary:
    with context.begin() as db:
        current = repository.newest(db, canary.project, canary.deployment)
        if current is None or current.number != canary.number or current.wanted is not None:
            return current or canary
        if current.state != "running" or current.looked > canary.looked:
            return current
        return repository.keep(db, canary.model_copy(update=changes))
