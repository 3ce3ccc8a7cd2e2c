"""Judges gates about the step before: how its deployment is, whether it answers, scenarios."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.deployments.promoting.cases import Case, fails, holds
from modelyard.deployments.promoting.gates import AnswersGate, HealthyGate, ScenarioGate
from modelyard.deployments.promoting.positions import Position
from modelyard.deployments.promoting.types import Verdict
from modelyard.jobs.repository import moment
from modelyard.jobs.scenarios.commands import ListScenarioRuns
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.tables import statuses

OLDEST_LOOK = 2.5
"""Looks that may be missed before nobody knows how a deployment is."""


def judge_health(context: Context, case: Case, gate: HealthyGate) -> Verdict:
    """Healthy when last looked at, and since the release came, for as long as is asked."""
    before = _before(case)
    kept, name = before.kept, before.deployment
    if kept is None or before.release != case.release.name or before.since is None:
        return fails(gate, before.said)
    every = timedelta(minutes=context.settings.deployments.check_minutes)
    if kept.checked is None or now() - kept.checked > max(
        OLDEST_LOOK * every, timedelta(minutes=1)
    ):
        return fails(gate, f"nobody looked at {name} lately; a worker has to run")
    if kept.health != "HEALTHY":
        return fails(gate, f"{name} is {kept.health}")
    if not gate.minutes:
        return holds(gate, f"{name} is healthy")
    with context.read() as db:
        healthy = _healthy_since(db, case.pipeline.project, name)
    if healthy is None:
        return fails(gate, f"nobody watched how {name} is yet; a worker has to run")
    spent = (now() - max(healthy, before.since)).total_seconds() / 60
    if spent < gate.minutes:
        why = f"{name} is healthy with {case.release.name} for {spent:.3g} of {gate.minutes:g} min"
        return fails(gate, why)
    return holds(gate, f"{name} is healthy with {case.release.name} for {spent:.3g} min")


def judge_answers(context: Context, case: Case, gate: AnswersGate) -> Verdict:
    """Every node there answers as it should."""
    before = _before(case)
    if before.release != case.release.name or before.desired is None:
        return fails(gate, before.said)
    with context.read() as db:
        infrastructure = infrastructures.get(db, before.step.infrastructure)
    driver = open_driver(context, infrastructure)
    places = driver.places()
    for place in places:
        try:
            driver.verify(place, before.desired)
        except errors.ModelyardError as exc:
            return fails(gate, f"{place}: {exc.detail}")
    return holds(gate, f"all is as it should be on {', '.join(places)}")


def judge_scenario(context: Context, case: Case, gate: ScenarioGate) -> Verdict:
    """Its newest run that began since the release is there, and has ended."""
    before = _before(case)
    asked = ListScenarioRuns(project=case.pipeline.project, name=gate.scenario, limit=20)
    runs = context.caller.run(asked)
    since = [run for run in runs if before.since is not None and run.started >= before.since]
    ended = next((run for run in since if run.state in ("succeeded", "failed", "cancelled")), None)
    if ended is None:
        under_way = " yet; one is under way" if since else ""
        why = f"{gate.scenario} did not run since {case.release.name} is at {before.step.name}"
        return fails(gate, why + under_way)
    why = f"{gate.scenario} {ended.state} at {ended.started:%H:%M:%S} UTC"
    return holds(gate, why) if ended.state == "succeeded" else fails(gate, why)


def _before(case: Case) -> Position:
    if case.before is None:
        raise errors.Invalid(f"the step {case.step.name} has no step before it")
    return case.before


def _healthy_since(db: Connection, project: str, deployment: str) -> datetime | None:
    """When workers saw a deployment become healthy; None: they have not."""
    of = statuses.c
    mine = (of.project == project) & (of.kind == "deployment") & (of.name == deployment)
    row = db.execute(select(of.status, of.since).where(mine)).one_or_none()
    return None if row is None or row.status != "healthy" else moment(row.since)
