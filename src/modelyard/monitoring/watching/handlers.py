"""How monitoring answers."""

from __future__ import annotations

from modelyard import errors
from modelyard.data.commands import CreateDataset, ShowDataset
from modelyard.data.types import QUERY_LOG, Dataset
from modelyard.evaluations.access import require_store
from modelyard.evaluations.commands import RunEvaluation
from modelyard.evaluations.storing.commands import CreateStore
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.jobs.scenarios.commands import CreateScenario
from modelyard.jobs.scenarios.types import Scenario, Step
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.models.commands import ShowModel
from modelyard.monitoring import repository as checks
from modelyard.monitoring.alerting import outbox
from modelyard.monitoring.alerting.commands import ShowAlert, UpdateAlert
from modelyard.monitoring.alerting.types import Alert
from modelyard.monitoring.commands import RunChecks
from modelyard.monitoring.watching import repository
from modelyard.monitoring.watching.commands import FollowModel, ShowMonitoring, TrackEndpoint
from modelyard.monitoring.watching.endpoints import scenario_of
from modelyard.monitoring.watching.judging import judged
from modelyard.monitoring.watching.types import (
    STATUSES,
    Followed,
    ThingKind,
    ThingStatus,
    TrackedEndpoint,
)
from modelyard.projects.access import require_project

EVALUATION = {"model", "dataset", "where", "store", "target", "label"}


@handles(ShowMonitoring)
def show_monitoring(command: ShowMonitoring, context: Context) -> list[ThingStatus]:
    """Look how everything is that whoever asks may see."""
    wanted = context.visible_projects(command.needs)
    if command.project is not None:
        wanted = frozenset({command.project})
    with context.read() as db:
        if command.project is not None:
            require_project(db, command.project)
        things = repository.dated(db, judged(context, db, wanted))
    found = [each for each in things if command.kind in (None, each.kind)]
    return sorted(found, key=lambda each: -STATUSES.index(each.status))


@handles(FollowModel)
def follow_model(command: FollowModel, context: Context) -> Followed:
    """Make the scenario, once the alert is known to be changed by whoever asks."""
    project, run = command.project, context.caller.run
    run(ShowModel(project=project, name=command.model))
    with context.read() as db:
        store = require_store(db, project, command.store)
        count = sum(not each.disabled for each in checks.of_store(db, project, command.store))
    alert = _alert(command, context)
    scenario = run(_scenario(command, store, context))
    if alert is not None:
        _widen(alert, command, scenario, context)
    return Followed(
        project=project,
        model=command.model,
        store=command.store,
        scenario=scenario.name,
        cron=scenario.cron,
        next_run=scenario.next_run,
        alert=command.alert,
        checks=count,
    )


@handles(TrackEndpoint)
def track(command: TrackEndpoint, context: Context) -> TrackedEndpoint:
    """Make what is missing, once it is known that the scenario can be made."""
    project, run = command.project, context.caller.run
    run(ShowModel(project=project, name=command.model))
    alert = _alert(command, context)
    log = _log(command, context)
    with context.read() as db:
        count = sum(not each.disabled for each in checks.of_store(db, project, command.store))
    store = _store(command, context)
    check = store is not None and store.check_each == "never" and count > 0
    made = scenario_of(command, context, check=check)
    if log is None:
        run(CreateDataset(project=project, name=command.name, path=command.log, format=QUERY_LOG))
    if store is None:
        run(CreateStore(project=project, name=command.store, check_each="note"))
    scenario = run(made)
    if alert is not None:
        _widen(alert, command, scenario, context)
    return TrackedEndpoint(
        project=project,
        model=command.model,
        store=command.store,
        scenario=scenario.name,
        cron=scenario.cron,
        next_run=scenario.next_run,
        alert=command.alert,
        checks=count,
        dataset=command.name,
    )


def _log(command: TrackEndpoint, context: Context) -> Dataset | None:
    """The dataset of the log, if there is one already."""
    try:
        log = context.caller.run(ShowDataset(project=command.project, dataset=command.name))
    except errors.NotFound:
        return None
    if log.format != QUERY_LOG:
        raise errors.Conflict(
            f"the dataset {command.name!r} is no query log; choose another name", field="name"
        )
    return log


def _store(command: TrackEndpoint, context: Context) -> EvaluationStore | None:
    try:
        with context.read() as db:
            return require_store(db, command.project, command.store)
    except errors.NotFound:
        return None


def _alert(command: FollowModel | TrackEndpoint, context: Context) -> Alert | None:
    """The alert that is to be about it, which whoever asks may change."""
    if command.alert is None:
        return None
    alert = context.caller.run(ShowAlert(project=command.project, name=command.alert))
    context.authorize(UpdateAlert(project=command.project, name=alert.name))
    return alert


def _scenario(command: FollowModel, store: EvaluationStore, context: Context) -> CreateScenario:
    evaluation = command.model_dump(include=EVALUATION)
    given = {name: value for name, value in evaluation.items() if value not in (None, {})}
    name_of = context.commands.name_of
    evaluate = Step(command=name_of(RunEvaluation), arguments=given, name="Evaluate")
    check = Step(
        command=name_of(RunChecks),
        arguments={"store": store.name, "evaluation": "${step.1.id}", "fail_on": "never"},
        name="Run checks",
    )
    return CreateScenario(
        project=command.project,
        name=command.scenario or f"follow-{command.model}"[:127],
        description=f"Evaluates {command.model} into {command.store} and checks it",
        steps=(evaluate, check) if store.check_each == "never" else (evaluate,),
        parameters=command.parameters,
        cron=command.cron,
        timezone=command.timezone,
    )


def _widen(
    alert: Alert, command: FollowModel | TrackEndpoint, scenario: Scenario, context: Context
) -> None:
    """Let an alert be about the model, which is as its checks are, and about the scenario."""
    things: tuple[tuple[ThingKind, str], ...] = (
        ("model", command.model),
        ("scenario", scenario.name),
    )
    more = [f"{kind}:{name}" for kind, name in things if not outbox.is_about(alert, kind, name)]
    if more:  # an alert of nothing in particular is about everything already
        only = (*alert.only, *more)
        context.caller.run(UpdateAlert(project=alert.project, name=alert.name, only=only))
