"""Runs of scenarios: when the job of a step ends, the same transaction queues the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row

from modelyard import errors
from modelyard.jobs import repository as jobs
from modelyard.jobs.repository import Submission
from modelyard.jobs.scenarios import repository
from modelyard.jobs.scenarios.parameters import filled, known_to, require_small
from modelyard.jobs.scenarios.repository import RunBody
from modelyard.jobs.scenarios.results import given_by, unmet
from modelyard.jobs.scenarios.schedule import next_time, zone_of
from modelyard.jobs.scenarios.types import Condition, RunState, ScenarioRun, Step, StepRun
from modelyard.jobs.types import JobError
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Command
from modelyard.kernel.identity import Identity
from modelyard.store.clock import database_now

LONGEST_CHAIN = 50


def begin(
    db: Connection,
    row: Row[Any],
    catalog: Catalog,
    *,
    trigger: str,
    by: tuple[Identity, str] | None = None,
    given: dict[str, JsonValue] | None = None,
    links: int = 0,
) -> ScenarioRun:
    """Begin a run of a scenario that the transaction holds.

    It runs as whoever saved the scenario, unless `by` names somebody and their folder. A run that
    another is in the way of is noted as skipped.
    """
    scenario = repository.as_scenario(row)
    identity, folder = by or (jobs.identity_of(row.identity), row.folder)
    now = database_now(db)
    run_id = jobs.new_id(now)
    day = jobs.moment(now).astimezone(zone_of(scenario.timezone)).date()
    variables = repository.variables_of(db, row.project)
    body = RunBody(
        trigger=trigger,
        steps=scenario.steps,
        parameters=known_to(scenario, variables, run=run_id, day=day) | (given or {}),
        given=given or {},
        runs=tuple(StepRun(command=step.command, name=step.name) for step in scenario.steps),
        links=links,
    )
    under_way = repository.running(db, row.project, row.name)
    repository.add_run(db, row, run_id, body, identity, folder)
    run = _held(db, run_id)
    if under_way is not None:
        _end(db, run, _skipped(body, f"run {under_way} was still under way"), "skipped", catalog)
    else:
        _go_on(db, run, body, catalog)
    return repository.as_run(_held(db, run_id))


def step_ended(
    db: Connection,
    job: Row[Any],
    state: str,
    error: str | None,
    catalog: Catalog,
    result: str | None = None,
) -> None:
    """Note how the job of a step ended, and what it gave as JSON; go on with its run."""
    run = repository.hold_run(db, job.run)
    if run is None or run.state != "running":
        return
    body = RunBody.model_validate_json(run.body)
    ended = {
        "state": state,
        "started": None if job.started is None else jobs.moment(job.started),
        "ended": jobs.moment(database_now(db)),
        "error": None if error is None else JobError.model_validate_json(error),
    }
    body = _with_step(body, job.step, **ended)
    given = given_by(job.step + 1, body.steps, state, result, error)
    body = body.model_copy(update={"parameters": body.parameters | given})
    if body.cancelled_by:
        _end(db, run, _skipped(body, f"cancelled by {body.cancelled_by}"), "cancelled", catalog)
    elif state == "cancelled":
        _end(db, run, _skipped(body, "the job of a step was cancelled"), "cancelled", catalog)
    else:
        _go_on(db, run, body, catalog)


def ask_to_cancel(db: Connection, run_id: str, actor: str) -> str | None:
    """Let no further step of a run begin; gives the job of its step, None if it has ended."""
    run = _held(db, run_id)
    if run.state != "running":
        return None
    body = RunBody.model_validate_json(run.body).model_copy(update={"cancelled_by": actor})
    repository.save_run(db, run_id, body, "running")
    return next(step.job for step in body.runs if step.state == "running")


def end_cancelled(db: Connection, run_id: str, catalog: Catalog) -> None:
    """End a run that was to be cancelled and whose job is gone."""
    run = _held(db, run_id)
    body = RunBody.model_validate_json(run.body)
    if run.state == "running":
        _end(db, run, _skipped(body, f"cancelled by {body.cancelled_by}"), "cancelled", catalog)


def fire(db: Connection, catalog: Catalog) -> list[str]:
    """Begin the runs whose schedules are due, each once; gives what is to be told of them.

    Ticks that were missed while nobody looked are made up for by one run.
    """
    told = []
    for row in repository.due(db):
        try:
            scenario = repository.as_scenario(row)
            until = next_time(scenario.cron, scenario.timezone, database_now(db))
            repository.put_off(db, row, until)
            run = begin(db, row, catalog, trigger=f"cron {scenario.cron}")
            told.append(f"scenario {row.name} of {row.project}: run {run.id} is {run.state}")
        except errors.ModelyardError as exc:
            repository.put_off(db, row, None)
            told.append(f"scenario {row.name} of {row.project} is no longer run: {exc.detail}")
    return told


def command_of(step: Step, values: Mapping[str, JsonValue], catalog: Catalog) -> Command[Any]:
    """The command of a step, about its own project where it names none.

    Raises:
        ModelyardError: there is no such command, or its arguments do not fit.
    """
    return catalog.fill(step.command, arguments_of(step, values, catalog))


def arguments_of(
    step: Step, values: Mapping[str, JsonValue], catalog: Catalog
) -> dict[str, JsonValue]:
    """The arguments of a step, with its own project where it names none.

    Raises:
        Invalid: a parameter is not known, or they are too large with what it stands for.
    """
    require_small(dict(step.arguments), values, jobs.LARGEST)
    arguments = {name: filled(value, values) for name, value in step.arguments.items()}
    known = catalog.get(step.command)
    if known is not None and known.project_field == "project":
        arguments.setdefault("project", values["project"])
    return arguments


def holds(condition: Condition, *, failed: bool) -> bool:
    """Whether a condition holds after something failed, or did not."""
    return condition == "always" or (condition == "failed") == failed


def _go_on(db: Connection, run: Row[Any], body: RunBody, catalog: Catalog) -> None:
    """Queue the next step that is to run; end the run if there is none."""
    for number, step in enumerate(body.steps):
        if body.runs[number].state != "waiting":
            continue
        failed = any(done.state == "failed" for done in body.runs)
        if not holds(step.when, failed=failed):
            why = "a step before it failed" if failed else "no step before it failed"
            body = _with_step(body, number, state="skipped", reason=why)
            continue
        if why := unmet(step, body.parameters):
            body = _with_step(body, number, state="skipped", reason=why)
            continue
        try:
            job = _queue(db, run, number, step, body, catalog)
        except errors.ModelyardError as exc:
            error = JobError(code=exc.code, detail=exc.detail, context=exc.context)
            body = _with_step(body, number, state="failed", error=error)
            continue
        body = _with_step(body, number, state="running", job=job)
        repository.save_run(db, run.id, body, "running")
        return
    failed = any(done.state == "failed" for done in body.runs)
    _end(db, run, body, "failed" if failed else "succeeded", catalog)


def _queue(
    db: Connection, run: Row[Any], number: int, step: Step, body: RunBody, catalog: Catalog
) -> str:
    submission = Submission(
        name=step.command,
        command=command_of(step, body.parameters, catalog),
        identity=jobs.identity_of(run.identity),
        folder=run.folder,
        retries=step.retries,
        run=run.id,
        step=number,
    )
    return jobs.add(db, submission)


def _end(db: Connection, run: Row[Any], body: RunBody, state: RunState, catalog: Catalog) -> None:
    repository.save_run(db, run.id, body, state)
    if state not in {"succeeded", "failed"} or body.links >= LONGEST_CHAIN:
        return
    for row in repository.followers(db, run.project, run.scenario):
        try:
            scenario = repository.as_scenario(row)
            if not scenario.disabled and holds(scenario.after_when, failed=state == "failed"):
                trigger = f"after {run.scenario} {state}"
                begin(db, row, catalog, trigger=trigger, links=body.links + 1)
        except errors.Failed:  # it is damaged: that is told to who looks at it
            continue


def _held(db: Connection, run_id: str) -> Row[Any]:
    run = repository.hold_run(db, run_id)
    if run is None:
        raise errors.NotFound(f"there is no run {run_id!r}")
    return run


def _with_step(body: RunBody, number: int, **changes: Any) -> RunBody:
    runs = list(body.runs)
    runs[number] = runs[number].model_copy(update=changes)
    return body.model_copy(update={"runs": tuple(runs)})


def _skipped(body: RunBody, reason: str) -> RunBody:
    for number, step in enumerate(body.runs):
        if step.state == "waiting":
            body = _with_step(body, number, state="skipped")
    return body.model_copy(update={"reason": reason})
