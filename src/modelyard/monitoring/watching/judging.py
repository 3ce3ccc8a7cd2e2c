"""How things are, told from what was last found of them: a few queries, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, Select, case, func, select

from modelyard.evaluations.numbered import CheckOutcome
from modelyard.jobs.repository import moment
from modelyard.jobs.scenarios.repository import RunBody
from modelyard.jobs.scenarios.types import Scenario
from modelyard.kernel.context import Context
from modelyard.monitoring import repository as checks
from modelyard.monitoring.scopes import looking as scopes
from modelyard.monitoring.types import CheckResult
from modelyard.monitoring.watching import policies
from modelyard.monitoring.watching.types import (
    STATUSES,
    Decisive,
    Status,
    ThingKind,
    ThingStatus,
)
from modelyard.store.tables import (
    evaluation_stores,
    evaluations,
    models,
    projects,
    scenario_runs,
    scenarios,
)

Projects = frozenset[str] | None
"""The keys of those that are asked for; None: all."""

STATUS_OF: dict[CheckOutcome, Status] = {
    "ok": "healthy",
    "warning": "warning",
    "error": "error",
    "empty": "warning",
    "not_applicable": "none",
}
"""A check that had nothing to look at may hide anything, and so is a warning."""
NO_CHECK = "no check has looked at it yet"
NO_STORE = "no evaluation of it is in a store"
ENDED = ("succeeded", "failed")


def judged(context: Context, db: Connection, wanted: Projects = None) -> list[ThingStatus]:
    """How every project is, and every model, store, scenario and deployment in it.

    Of deployments those are judged, and count, that whoever asks may see.
    """
    stores = _stores(db, wanted)
    of_models = list(_models(db, wanted, stores))
    parts = [*of_models, *stores.values(), *_scenarios(db, wanted)]
    parts += _watched(context, db, wanted, of_models)
    parts += scopes.statuses(db, wanted)
    parts += policies.statuses(context, db, wanted)
    by_project = defaultdict(list)
    for part in parts:
        by_project[part.project].append(part)
    query = select(projects.c.key).order_by(projects.c.key)
    keys = db.scalars(_within(query, projects.c.key, wanted))
    return [*(_project(key, by_project[key]) for key in keys), *parts]


def judged_models(db: Connection, wanted: Projects) -> dict[tuple[str, str], ThingStatus]:
    """How every saved model is, by project and name."""
    return _by_name(_models(db, wanted, _stores(db, wanted)))


def _by_name(things: Iterable[ThingStatus]) -> dict[tuple[str, str], ThingStatus]:
    return {(each.project, each.name): each for each in things}


def _stores(db: Connection, wanted: Projects) -> dict[tuple[str, str], ThingStatus]:
    found = defaultdict(list)
    project = next(iter(wanted)) if wanted is not None and len(wanted) == 1 else None
    for result in checks.latest(db, project):
        found[result.project, result.store].append(result)
    of = evaluation_stores.c
    query = _within(select(of.project, of.name), of.project, wanted)
    return {
        (row.project, row.name): _store(row.project, row.name, found[row.project, row.name])
        for row in db.execute(query.order_by(of.project, of.name))
    }


def _store(project: str, name: str, results: Sequence[CheckResult]) -> ThingStatus:
    """The worst of the latest results of its checks."""
    if not results:
        return ThingStatus(project=project, kind="store", name=name, status="none", why=NO_CHECK)
    worst = max(results, key=lambda each: _badness(each.outcome))
    status = STATUS_OF[worst.outcome]
    if status == "healthy":
        why = f"{_count(results, 'check')} passed"
    else:
        why = f"{worst.check}: {worst.message or worst.title or worst.outcome}"
        others = sum(STATUS_OF[each.outcome] == status for each in results) - 1
        if others:
            why = f"{why.removesuffix('.')}; {others} more {_verb(status, others)}"
    return ThingStatus(
        project=project,
        kind="store",
        name=name,
        status=status,
        why=why,
        since=worst.created,
        by=Decisive(store=name, check=worst.check, evaluation=worst.evaluation),
    )


def _badness(outcome: CheckOutcome) -> tuple[int, bool]:
    """What orders outcomes: of warnings those come first that say something."""
    return STATUSES.index(STATUS_OF[outcome]), outcome != "empty"


def _verb(status: Status, count: int) -> str:
    verb = "fail" if status == "error" else "warn"
    return f"check {verb}s" if count == 1 else f"checks {verb}"


def _models(
    db: Connection, wanted: Projects, stores: dict[tuple[str, str], ThingStatus]
) -> Iterator[ThingStatus]:
    """Each is as the worst of the stores that hold evaluations of it."""
    of, inside = models.c, evaluations.c
    evaluated = select(inside.project, inside.model, inside.store).distinct()
    evaluated = evaluated.where(inside.model.is_not(None), inside.store.is_not(None))
    holding = defaultdict(list)
    for row in db.execute(_within(evaluated, inside.project, wanted)):
        holding[row.project, row.model].append(stores[row.project, row.store])
    query = _within(select(of.project, of.name), of.project, wanted)
    for row in db.execute(query.order_by(of.project, of.name)):
        theirs = holding[row.project, row.name]
        worst = _worst(theirs)
        if worst is None or worst.status == "none":
            yield _thing("model", row, "none", NO_CHECK if theirs else NO_STORE)
        elif worst.status == "healthy":
            why = f"all is well in {_count(theirs, 'store')}"
            yield _thing("model", row, "healthy", why, worst.since, worst.by)
        else:
            why = f"in {worst.name}, {worst.why}"
            yield _thing("model", row, worst.status, why, worst.since, worst.by)


def _watched(
    context: Context, db: Connection, wanted: Projects, of_models: Iterable[ThingStatus]
) -> Iterator[ThingStatus]:
    """What rooms above this one tell of their things, some of which are as models are."""
    known = _by_name(of_models)
    for module in context.watched:
        yield from import_module(module).statuses(context, db, wanted, known)


def _scenarios(db: Connection, wanted: Projects) -> Iterator[ThingStatus]:
    """Each is as its last run that ended; one that its schedule could not begin is a warning."""
    of, runs = scenarios.c, scenario_runs.c
    latest = (
        select(
            runs.project,
            runs.scenario,
            func.max(case((runs.state.in_(ENDED), runs.id))).label("ended"),
            func.max(case((runs.state != "running", runs.id))).label("last"),
        )
        .group_by(runs.project, runs.scenario)
        .subquery()
    )
    ended, last = scenario_runs.alias(), scenario_runs.alias()
    mine = (latest.c.project == of.project) & (latest.c.scenario == of.name)
    query = (
        select(
            *(of.project, of.name, of.body),
            *(ended.c[each].label(f"ended_{each}") for each in ("id", "state", "ended", "body")),
            *(last.c[each].label(f"last_{each}") for each in ("id", "state", "ended", "body")),
        )
        .outerjoin_from(scenarios, latest, mine)
        .outerjoin(ended, ended.c.id == latest.c.ended)
        .outerjoin(last, last.c.id == latest.c.last)
        .order_by(of.project, of.name)
    )
    for row in db.execute(_within(query, of.project, wanted)):
        yield _scenario(row)


def _scenario(row: Row[Any]) -> ThingStatus:
    try:
        if Scenario.model_validate_json(row.body).disabled:
            return _thing("scenario", row, "none", "it is disabled")
        if row.ended_state == "failed":
            since, by = moment(row.ended_ended), Decisive(run=row.ended_id)
            return _thing("scenario", row, "error", _failure(row.ended_body), since, by)
        if row.last_state in ("skipped", "cancelled"):
            since, by = moment(row.last_ended), Decisive(run=row.last_id)
            reason = RunBody.model_validate_json(row.last_body).reason
            why = f"its last run was {row.last_state}: {reason}"
            return _thing("scenario", row, "warning", why, since, by)
    except ValidationError:
        return _thing("scenario", row, "error", "it is damaged in the database")
    if row.ended_state is None:
        return _thing("scenario", row, "none", "it never ran")
    since, by = moment(row.ended_ended), Decisive(run=row.ended_id)
    return _thing("scenario", row, "healthy", "its last run succeeded", since, by)


def _failure(text: str) -> str:
    """Which step of a run failed, and why."""
    for number, step in enumerate(RunBody.model_validate_json(text).runs, 1):
        if step.state == "failed":
            called = f"step {number} ({step.name or step.command})"
            return f"{called} failed" + (f": {step.error.detail}" if step.error else "")
    return "its last run failed"


def _project(key: str, parts: Sequence[ThingStatus]) -> ThingStatus:
    """The worst of what is in it; of several, the model first, which says most."""
    worst = _worst(parts)
    if worst is None or worst.status == "none":
        why = "nothing in it was checked or run yet" if parts else "nothing is in it yet"
        return ThingStatus(project=key, kind="project", name=key, status="none", why=why)
    if worst.status == "healthy":
        known = [part for part in parts if part.status == "healthy"]
        why = f"all is well with {_count(known, 'thing')}"
    else:
        why = f"{worst.kind} {worst.name}: {worst.why}"
    by = worst.by.model_copy(update={"kind": worst.kind, "name": worst.name})
    return ThingStatus(
        project=key,
        kind="project",
        name=key,
        status=worst.status,
        why=why,
        since=worst.since,
        by=by,
    )


def _worst(parts: Iterable[ThingStatus]) -> ThingStatus | None:
    return max(parts, key=lambda each: STATUSES.index(each.status), default=None)


def _thing(
    kind: ThingKind,
    row: Row[Any],
    status: Status,
    why: str,
    since: datetime | None = None,
    by: Decisive | None = None,
) -> ThingStatus:
    return ThingStatus(
        project=row.project,
        kind=kind,
        name=row.name,
        status=status,
        why=why,
        since=since,
        by=by or Decisive(),
    )


def _count(things: Sequence[Any], word: str) -> str:
    return f"{len(things)} {word}" + ("" if len(things) == 1 else "s")


def _within(query: Select[Any], column: Any, wanted: Projects) -> Select[Any]:
    return query if wanted is None else query.where(column.in_(wanted))
