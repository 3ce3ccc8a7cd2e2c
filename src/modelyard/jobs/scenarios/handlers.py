"""How scenarios answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.jobs import endings
from modelyard.jobs import repository as jobs
from modelyard.jobs.scenarios import repository, runs
from modelyard.jobs.scenarios.checking import check
from modelyard.jobs.scenarios.commands import (
    CancelScenario,
    CreateScenario,
    DeleteScenario,
    ListScenarioRuns,
    ListScenarios,
    RunScenario,
    ShowScenario,
    UpdateScenario,
)
from modelyard.jobs.scenarios.parameters import require_known
from modelyard.jobs.scenarios.rights import require_right_of
from modelyard.jobs.scenarios.schedule import next_time
from modelyard.jobs.scenarios.types import Scenario, ScenarioRun, ScenarioSummary
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL
from modelyard.kernel.values import now
from modelyard.store.clock import database_now


@handles(CreateScenario)
def create_scenario(command: CreateScenario, context: Context) -> Scenario:
    """Check it and store it."""
    fields = command.model_dump(exclude={"after"})
    scenario = Scenario(
        **fields, after=command.after or "", owner=context.identity.name, created=now()
    )
    with context.read() as db:
        variables = repository.variables_of(db, scenario.project)
    check(scenario, variables, context)
    with context.begin() as db:
        repository.require_project(db, scenario.project)
        _check_chain(db, scenario)
        repository.add(db, scenario, **_by(context), due=_due(db, scenario))
        return repository.as_scenario(repository.find(db, scenario.project, scenario.name))


@handles(UpdateScenario)
def update_scenario(command: UpdateScenario, context: Context) -> Scenario:
    """Check what it becomes, and store that."""
    changes = command.model_dump(exclude={"project", "name"}, exclude_none=True)
    with context.read() as db:
        before = repository.as_scenario(repository.find(db, command.project, command.name))
        variables = repository.variables_of(db, command.project)
    changed = before.model_dump() | changes | {"owner": context.identity.name}
    scenario = Scenario.model_validate(changed)
    check(scenario, variables, context)
    with context.begin() as db:
        row = repository.find(db, command.project, command.name, lock=True)
        context.unchanged(repository.as_scenario(row))
        if repository.as_scenario(row).model_copy(update={"next_run": before.next_run}) != before:
            raise errors.Conflict(f"{command.name} was changed meanwhile; look at it and try again")
        _check_chain(db, scenario)
        repository.save(db, scenario, **_by(context), due=_due(db, scenario))
        return repository.as_scenario(repository.find(db, command.project, command.name))


@handles(ListScenarios)
def list_scenarios(command: ListScenarios, context: Context) -> list[ScenarioSummary]:
    """List by name."""
    with context.read() as db:
        repository.require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowScenario)
def show_scenario(command: ShowScenario, context: Context) -> Scenario:
    """Look it up."""
    with context.read() as db:
        return repository.as_scenario(repository.find(db, command.project, command.name))


@handles(RunScenario)
def run_scenario(command: RunScenario, context: Context) -> ScenarioRun:
    """Begin a run, as whoever asks; the scenario of a user is no deputy of a local caller."""
    with context.begin() as db:
        row = repository.find(db, command.project, command.name, lock=True)
        scenario = repository.as_scenario(row)
        require_known(command.parameters, scenario.parameters, scenario.name)
        under_way = repository.running(db, command.project, command.name)
        if under_way is not None:
            raise errors.Conflict(
                f"run {under_way} of {command.name} is still under way; wait for it, or end it by "
                f"scenarios cancel {command.name}"
            )
        owner = jobs.identity_of(row.identity)
        by = (context.identity, _folder(context))
        if context.identity.is_local and not owner.is_local:
            by = (owner, row.folder)
        run = runs.begin(
            db, row, context.commands, trigger="by hand", by=by, given=command.parameters
        )
        require_right_of(owner, db, run, context)
        return run


@handles(CancelScenario)
def cancel_scenario(command: CancelScenario, context: Context) -> ScenarioRun:
    """Let no further step begin, then cancel the job of the one that is under way."""
    with context.begin() as db:
        repository.find(db, command.project, command.name)
        run = repository.running(db, command.project, command.name)
        if run is None or command.run not in (None, run):
            which = f"run {command.run} of {command.name}" if command.run else command.name
            raise errors.Conflict(f"{which} is not under way; see: scenarios history")
        job = runs.ask_to_cancel(db, run, context.identity.name)
    # Apart, since who ends a step holds its job first and its run then.
    with context.begin() as db:
        if job is not None and not endings.cancel(db, job, context):
            runs.end_cancelled(db, run, context.commands)
    with context.read() as db:
        return repository.history(db, command.project, command.name, run, ALL)[0]


@handles(ListScenarioRuns)
def list_scenario_runs(command: ListScenarioRuns, context: Context) -> list[ScenarioRun]:
    """List the newest first."""
    with context.read() as db:
        repository.find(db, command.project, command.name)
        return repository.history(db, command.project, command.name, command.run, command)


@handles(DeleteScenario)
def delete_scenario(command: DeleteScenario, context: Context) -> None:
    """Delete it, unless it runs or others follow it."""
    with context.begin() as db:
        row = repository.find(db, command.project, command.name, lock=True)
        if context.expected is not None:  # one that is damaged can be deleted, not seen
            context.unchanged(repository.as_scenario(row))
        following = [row.name for row in repository.followers(db, command.project, command.name)]
        if following:
            raise errors.Conflict(
                f"{', '.join(following)} run after {command.name}; delete or update them first"
            )
        under_way = repository.running(db, command.project, command.name)
        if under_way is not None:
            raise errors.Conflict(
                f"run {under_way} of {command.name} is still under way; wait for it, or end it by "
                f"scenarios cancel {command.name}"
            )
        repository.remove(db, command.project, command.name)


def _check_chain(db: Connection, scenario: Scenario) -> None:
    """Refuse a scenario that would run after itself."""
    name, seen = scenario.after, {scenario.name}
    while name:
        if name in seen:
            raise errors.Invalid(f"{scenario.name} would run after itself, by way of {name}")
        seen.add(name)
        name = repository.as_scenario(repository.find(db, scenario.project, name)).after


def _due(db: Connection, scenario: Scenario) -> float | None:
    if not scenario.cron:
        return None
    due = next_time(scenario.cron, scenario.timezone, database_now(db))
    return None if scenario.disabled else due


def _by(context: Context) -> dict[str, str]:
    return {"identity": json.dumps(asdict(context.identity)), "folder": _folder(context)}


def _folder(context: Context) -> str:
    return str(Path.cwd()) if context.identity.is_local else ""
