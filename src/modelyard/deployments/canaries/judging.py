"""Looks at a canary when it is time, and says what is to be done about it."""

from __future__ import annotations

from datetime import datetime, timedelta

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
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.access import evidence_of_files
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.judging import newest_checks
from modelyard.governance.policies.types import ChecksClause
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.commands import ListChecks
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
    asked = ListChecks(project=canary.project, store=store)
    names = tuple(each.name for each in context.caller.run(asked) if not each.disabled)
    clause = ChecksClause(kind="checks", store=store, checks=names)
    for model in package.manifest.models:
        what = f"{model.model} {model.version}"
        item = id_of("version", canary.project, model.model, model.version)
        try:
            evidence = evidence_of_files(context, item, model.digest)
        except errors.NotFound as exc:
            return False, exc.detail
        found = newest_checks(clause, _since(evidence, canary.began))
        if store not in found.evaluations:
            return None, f"{what} was not evaluated in {store} since the step began"
        for name in found.missing:
            return None, f"the check {name} was not run on {found.evaluations[store]}"
        for each in found.bad:
            return False, f"the check {each.check} is {each.outcome} for {what}: {each.title}"
    return True, f"the checks of {store} hold"


def _since(evidence: Evidence, moment: datetime | None) -> Evidence:
    """With those evaluations alone that were made since a moment."""
    made = (each for each in evidence.evaluations if moment is not None and each.created >= moment)
    return evidence.model_copy(update={"evaluations": tuple(made)})


def _changed(kept: Kept, canary: Canary) -> str:
    """How the deployment is otherwise than the canary left it; empty: it is not."""
    settings = kept.settings
    if not isinstance(settings, ServiceSettings):
        return f"{kept.name} is a deployment of a bundle now"
    wanted = {canary.old: 1 - canary.share, canary.new: canary.share}
    if settings.enabled and settings.packages == wanted:
        return ""
    shares = settings.packages.items()
    have = ", ".join(f"{name} answers {100 * share:.3g} %" for name, share in shares)
    return f"somebody changed {kept.name}: {have if settings.enabled else 'it is disabled'}"


def _kept(context: Context, canary: Canary, **changes: object) -> Canary:
    with context.begin() as db:
        current = repository.newest(db, canary.project, canary.deployment)
        if current is None or current.number != canary.number or current.wanted is not None:
            return current or canary
        if current.state != "running" or current.looked > canary.looked:
            return current
        return repository.keep(db, canary.model_copy(update=changes))
