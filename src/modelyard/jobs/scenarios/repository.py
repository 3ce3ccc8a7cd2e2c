"""Rows of scenarios and of their runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import JsonValue, ValidationError
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.jobs.repository import moment
from modelyard.jobs.scenarios.types import (
    RunState,
    Scenario,
    ScenarioRun,
    ScenarioSummary,
    Step,
    StepRun,
)
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.values import Value
from modelyard.store.clock import DatabaseNow
from modelyard.store.paging import page
from modelyard.store.tables import projects, scenario_runs, scenarios


class RunBody(Value):
    """What a run keeps: what it was to do when it began, and what came of that."""

    trigger: str
    steps: tuple[Step, ...]
    parameters: dict[str, JsonValue]
    """Those of the scenario and of the run, and what every run is given."""
    given: dict[str, JsonValue] = {}
    runs: tuple[StepRun, ...]
    reason: str = ""
    cancelled_by: str = ""
    """Who asked that no further step begins."""
    links: int = 0
    """How many scenarios ran one after another until this one."""


def add(db: Connection, scenario: Scenario, **more: Any) -> None:
    """Insert a scenario; Conflict if the name is taken, NotFound if the project is not there."""
    key = {"project": scenario.project, "name": scenario.name}
    try:
        db.execute(insert(scenarios).values({**key, **_columns(scenario), **more}))
    except IntegrityError as exc:
        raise errors.Conflict(f"there is a scenario {scenario.name!r} already") from exc


def save(db: Connection, scenario: Scenario, **more: Any) -> None:
    """Store a scenario in place of what it was."""
    changed = update(scenarios).where(*_is(scenario.project, scenario.name))
    db.execute(changed.values({**_columns(scenario), **more}))


def find(db: Connection, project: str, name: str, *, lock: bool = False) -> Row[Any]:
    """The row of a scenario; NotFound names near ones."""
    query = select(scenarios).where(*_is(project, name))
    row = db.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        require_project(db, project)
        known = db.scalars(select(scenarios.c.name).where(scenarios.c.project == project))
        raise errors.NotFound.among("scenario", name, known)
    return row


def require_project(db: Connection, key: str) -> None:
    """NotFound if there is no such project."""
    known = db.scalars(select(projects.c.key)).all()
    if key not in known:
        raise errors.NotFound.among("project", key, known)


def variables_of(db: Connection, project: str) -> dict[str, JsonValue]:
    """The variables of a project; NotFound if there is none."""
    text = db.scalar(select(projects.c.variables).where(projects.c.key == project))
    if text is None:
        require_project(db, project)
    found: dict[str, JsonValue] = json.loads(text or "{}")
    return found


def every(db: Connection, project: str, asked: Paged) -> Page[ScenarioSummary]:
    """The scenarios of a project with their last runs, by name."""
    runs, theirs = scenario_runs.c, scenario_runs.alias().c
    latest = (
        select(func.max(theirs.id))
        .where(theirs.project == scenarios.c.project, theirs.scenario == scenarios.c.name)
        .scalar_subquery()
    )
    last = (runs.id.label("last_run"), runs.state.label("last_state"), runs.started)
    query = select(scenarios, *last).outerjoin_from(scenarios, scenario_runs, runs.id == latest)
    query = query.where(scenarios.c.project == project)
    return page(db, query, [scenarios.c.name], asked, _summary, counted=True)


def due(db: Connection) -> Sequence[Row[Any]]:
    """Scenarios whose schedule fires; nobody else fires them until the transaction ends."""
    query = select(scenarios).where(scenarios.c.due <= DatabaseNow()).order_by(scenarios.c.due)
    return db.execute(query.limit(20).with_for_update(skip_locked=True)).all()


def put_off(db: Connection, row: Row[Any], until: float | None) -> None:
    """Set when a scenario's schedule fires next."""
    db.execute(update(scenarios).where(*_is(row.project, row.name)).values(due=until))


def followers(db: Connection, project: str, name: str) -> Sequence[Row[Any]]:
    """Scenarios that run after one; nobody else begins them until the transaction ends."""
    follow = (scenarios.c.project == project) & (scenarios.c.follows == name)
    query = select(scenarios).where(follow).order_by(scenarios.c.name)
    return db.execute(query.with_for_update()).all()


def remove(db: Connection, project: str, name: str) -> None:
    """Forget a scenario and its runs."""
    of_it = (scenario_runs.c.project == project) & (scenario_runs.c.scenario == name)
    db.execute(delete(scenario_runs).where(of_it))
    db.execute(delete(scenarios).where(*_is(project, name)))


def running(db: Connection, project: str, name: str) -> str | None:
    """The id of a scenario's run that is under way."""
    of_it = (scenario_runs.c.project == project) & (scenario_runs.c.scenario == name)
    query = select(scenario_runs.c.id).where(of_it, scenario_runs.c.state == "running")
    return db.scalar(query.limit(1))


def add_run(
    db: Connection, row: Row[Any], run_id: str, body: RunBody, identity: Identity, folder: str
) -> None:
    """Insert a run that begins now."""
    fields = {
        "id": run_id,
        "project": row.project,
        "scenario": row.name,
        "state": "running",
        "started": DatabaseNow(),
        "identity": json.dumps(asdict(identity)),
        "folder": folder,
        "body": body.model_dump_json(),
    }
    db.execute(insert(scenario_runs).values(fields))


def hold_run(db: Connection, run_id: str) -> Row[Any] | None:
    """The row of a run; nobody else changes it until the transaction ends."""
    query = select(scenario_runs).where(scenario_runs.c.id == run_id)
    return db.execute(query.with_for_update()).one_or_none()


def save_run(db: Connection, run_id: str, body: RunBody, state: RunState) -> None:
    """Store how far a run is."""
    changes: dict[str, Any] = {"body": body.model_dump_json(), "state": state}
    if state != "running":
        changes["ended"] = DatabaseNow()
    db.execute(update(scenario_runs).where(scenario_runs.c.id == run_id).values(changes))


def abandon_run(db: Connection, run_id: str) -> None:
    """End a run whose row nobody can make sense of."""
    ended = {"state": "failed", "ended": DatabaseNow()}
    db.execute(update(scenario_runs).where(scenario_runs.c.id == run_id).values(ended))


def history(
    db: Connection, project: str, name: str, run: str | None, asked: Paged
) -> Page[ScenarioRun]:
    """The runs of a scenario, the newest first."""
    query = select(scenario_runs).where(
        scenario_runs.c.project == project, scenario_runs.c.scenario == name
    )
    if run is not None:
        query = query.where(scenario_runs.c.id == run)
    return page(db, query, [scenario_runs.c.id], asked, as_run, descending=True)


def forget_old(db: Connection, days: float) -> None:
    """Remove runs that ended long ago."""
    old = scenario_runs.c.ended < DatabaseNow() - days * 86400
    db.execute(delete(scenario_runs).where(old))


def as_scenario(row: Row[Any]) -> Scenario:
    """A row as people see it; Failed if somebody damaged it."""
    try:
        scenario = Scenario.model_validate_json(row.body)
    except ValidationError as exc:
        raise errors.Failed(
            f"the scenario {row.name} is damaged in the database; delete it and create it again"
        ) from exc
    return scenario.model_copy(update={"next_run": None if row.due is None else moment(row.due)})


def _summary(row: Row[Any]) -> ScenarioSummary:
    started = None if row.started is None else moment(row.started)
    last = {"last_run": row.last_run, "last_state": row.last_state, "last_started": started}
    return ScenarioSummary(**dict(as_scenario(row)), **last)


def as_run(row: Row[Any]) -> ScenarioRun:
    """A row as people see it."""
    body = RunBody.model_validate_json(row.body)
    return ScenarioRun(
        id=row.id,
        project=row.project,
        scenario=row.scenario,
        state=row.state,
        trigger=body.trigger,
        actor=json.loads(row.identity)["name"],
        started=moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        reason=body.reason,
        parameters=body.given,
        steps=body.runs,
    )


def _columns(scenario: Scenario) -> dict[str, Any]:
    body = scenario.model_copy(update={"next_run": None}).model_dump_json()
    return {"follows": scenario.after or None, "body": body}


def _is(project: str, name: str) -> tuple[Any, Any]:
    return scenarios.c.project == project, scenarios.c.name == name
