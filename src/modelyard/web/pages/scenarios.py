"""The pages of scenarios: all of a project, one with its runs, and the forms that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cronsim import CronSim, CronSimError

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
from modelyard.jobs.scenarios.types import (
    Condition,
    RunState,
    Scenario,
    ScenarioSummary,
    StepRun,
    StepState,
)
from modelyard.jobs.scenarios.types import ScenarioRun as Run
from modelyard.kernel.values import Value, now
from modelyard.verbs import CATALOG
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.naming import about
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb

PART = 50
RUNS = 20
SEARCHED = 20
"""Projects whose scenarios the search looks at."""
PATH = "/projects/{project}/scenarios"
ONE = f"{PATH}/{{name}}"
AFTER: Mapping[Condition, str] = {
    "succeeded": "if that succeeded",
    "failed": "if that failed",
    "always": "whatever comes of it",
}
FIELDS = (
    "description", "steps", "parameters", "cron", "timezone", "after", "after_when", "disabled",
)  # fmt: skip
WORDS = {
    "name": Words(placeholder="nightly", mono=True),
    "steps": Words(help=""),
    "steps.command": Words(
        help="Its room and verb; what there is shows as you type",
        kind="text",
        placeholder="recipes.run",
        mono=True,
    ),
    "steps.arguments": Words(
        help="As JSON; ${name} in them stands for a parameter", placeholder='{"name": "nightly"}'
    ),
    "steps.name": Words(label="What it is for", help=""),
    "steps.when": Words(label="Run it", help="", later=True),
    "steps.retries": Words(later=True),
    "parameters": Words(placeholder='{"day": "monday"}'),
    "cron": Words(label="Schedule", placeholder="0 6 * * MON-FRI", mono=True),
    "timezone": Words(label="Time zone"),
    "after": Words(label="After", later=True),
    "after_when": Words(label="After it", later=True),
    "disabled": Words(label="Run it by hand only, for now", help="", kind="tick"),
}


class ScenarioLine(Value):
    """A scenario as lists show it."""

    name: str
    href: str
    description: str
    when: str
    """When it runs, in words."""
    steps: int
    owner: str
    disabled: bool
    next_run: datetime | None
    last_state: RunState | None
    """What came of its last run; None: it never ran."""
    last_started: datetime | None


class ScenariosView(ListView):
    """The scenarios of a project."""

    scenarios: tuple[ScenarioLine, ...]
    may_change: bool


class StepLine(Value):
    """A step of a run."""

    title: str
    command: str
    state: StepState
    href: str | None
    """The job that runs or ran it."""
    seconds: float | None
    why: str
    """Why it failed, or was not run."""


class RunLine(Value):
    """A run as its scenario shows it."""

    id: str
    state: RunState
    trigger: str
    actor: str
    started: datetime
    seconds: float | None
    reason: str
    given: Mapping[str, Any]
    steps: tuple[StepLine, ...]
    cancel: str
    """The form that ends it."""


class ScenarioView(View):
    """A scenario with the last of its runs."""

    scenario: Scenario
    href: str
    when: str
    after_href: str | None
    runs: tuple[RunLine, ...]
    running: RunLine | None
    next: str | None
    """Where older runs begin."""
    may_change: bool


def scenarios(visit: Visit) -> ScenariosView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListScenarios(project=key, limit=PART, after=visit.asked("after") or None))
    return ScenariosView(
        title="Scenarios",
        crumbs=(crumb(key),),
        scenarios=tuple(map(_line, found)),
        **place_in_list(found),
        may_change=visit.may("scenarios:write"),
    )


def scenario(visit: Visit) -> ScenarioView:
    """Look it and its runs up."""
    found = visit.run(_shown(visit))
    after = visit.asked("after") or None
    history = visit.part(
        ListScenarioRuns(project=found.project, name=found.name, limit=RUNS, after=after)
    )
    runs = tuple(map(_run, history))
    return ScenarioView(
        title=found.name,
        crumbs=_above(visit),
        scenario=found,
        href=_href(found.project, found.name),
        when=when(found),
        after_href=_href(found.project, found.after) if found.after else None,
        runs=runs,
        running=next((run for run in runs if run.state == "running"), None),
        next=history.next,
        may_change=visit.may("scenarios:write"),
    )


def when(scenario: Scenario) -> str:
    """When a scenario runs, in words."""
    if scenario.cron:
        return f"{_in_words(scenario.cron)}, {scenario.timezone}"
    if scenario.after:
        return f"After {scenario.after}, {AFTER[scenario.after_when]}"
    return "By hand"


def _in_words(cron: str) -> str:
    try:
        words: str = CronSim(cron, now()).explain()
    except CronSimError:  # what an older version took
        return cron
    return words


def _line(scenario: ScenarioSummary) -> ScenarioLine:
    return ScenarioLine(
        name=scenario.name,
        href=_href(scenario.project, scenario.name),
        description=scenario.description,
        when=when(scenario),
        steps=len(scenario.steps),
        owner=scenario.owner,
        disabled=scenario.disabled,
        next_run=scenario.next_run,
        last_state=scenario.last_state,
        last_started=scenario.last_started,
    )


def _run(run: Run) -> RunLine:
    return RunLine(
        id=run.id,
        state=run.state,
        trigger=run.trigger,
        actor=run.actor,
        started=run.started,
        seconds=_seconds(run.started, run.ended),
        reason=run.reason,
        given=run.parameters,
        steps=tuple(map(_step, run.steps)),
        cancel=address(
            f"{ONE}/runs/{{run}}/cancel", project=run.project, name=run.scenario, run=run.id
        ),
    )


def _step(step: StepRun) -> StepLine:
    return StepLine(
        title=step.name or about(step.command),
        command=step.command,
        state=step.state,
        href=address("/jobs/{id}", id=step.job) if step.job else None,
        seconds=_seconds(step.started, step.ended),
        why=step.error.detail if step.error else step.reason,
    )


def _seconds(began: datetime | None, ended: datetime | None) -> float | None:
    return (ended - began).total_seconds() if began and ended else None


def _href(project: str, name: str) -> str:
    return address(ONE, project=project, name=name)


def _above(visit: Visit) -> tuple[Crumb, ...]:
    key = visit.path["project"]
    return (crumb(key), Crumb(label="Scenarios", href=address(PATH, project=key)))


def _shown(visit: Visit) -> ShowScenario:
    return ShowScenario(project=visit.path["project"], name=visit.path["name"])


def _steps_there_are() -> Sequence[tuple[str, str]]:
    """What steps mostly are: commands that change something."""
    return [
        (name, about(name))
        for name, command in CATALOG.items()
        if not (command.only_reads() or command.in_place)
    ]


def _choices(visit: Visit, but: str = "") -> dict[str, Sequence[tuple[str, str]]]:
    others = visit.part(ListScenarios(project=visit.path["project"], limit=PART))
    return {
        "after": [(each.name, each.name) for each in others if each.name != but],
        "steps.command": _steps_there_are(),
        "after_when": list(AFTER.items()),
        "steps.when": [
            ("succeeded", "If no step before it failed"),
            ("failed", "If a step before it failed"),
            ("always", "Always"),
        ],
    }


def _new(visit: Visit) -> Draft:
    return Draft(crumbs=_above(visit), choices=_choices(visit))


def _about_it(visit: Visit, **more: Any) -> Draft:
    name = visit.path["name"]
    here = Crumb(label=name, href=_href(visit.path["project"], name))
    return Draft(crumbs=(*_above(visit), here), **more)


def _edited(visit: Visit) -> Draft:
    found = visit.run(_shown(visit))
    values = {name: getattr(found, name) for name in FIELDS}
    return _about_it(
        visit,
        values=values,
        choices=_choices(visit, found.name),
        seen=found,
        title=f"Edit {found.name}",
    )


def _run_by_hand(visit: Visit) -> Draft:
    found = visit.run(_shown(visit))
    left_out = frozenset() if found.parameters else frozenset({"parameters"})
    return _about_it(
        visit,
        values={"parameters": found.parameters},
        left_out=left_out,
        title=f"Run {found.name}",
    )


def _one(visit: Visit, _made: Any = None) -> str:
    return _href(visit.path["project"], visit.path["name"])


PAGES = (
    Page(PATH, scenarios, "scenarios.html", Nav("Scenarios", "clock")),
    Form(
        f"{PATH}/new",
        CreateScenario,
        "New scenario",
        "Save scenario",
        lambda _visit, made: _href(made.project, made.name),
        intro="Commands that run one after another as jobs: on a schedule, after another "
        "scenario, or by hand. They run as whoever saved them.",
        said=lambda made: f"Scenario {made.name} is saved.",
        fields=("name", *FIELDS),
        words=WORDS,
        prepare=_new,
    ),
    Page(ONE, scenario, "scenario.html"),
    Form(
        f"{ONE}/edit",
        UpdateScenario,
        "Edit scenario",
        "Save",
        _one,
        intro="From then on it runs as you.",
        said="The scenario is saved.",
        fields=FIELDS,
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/run",
        RunScenario,
        "Run scenario",
        "Run now",
        _one,
        intro="It runs as you, with these parameters.",
        said="The scenario runs.",
        fields=("parameters",),
        words={"parameters": Words(kind="named", help="")},
        prepare=_run_by_hand,
    ),
    Form(
        f"{ONE}/disable",
        UpdateScenario,
        "Disable the scenario",
        "Disable",
        _one,
        intro="It runs by hand only, until somebody enables it.",
        said="The scenario is disabled.",
        prepare=lambda visit: _about_it(visit, fixed={"disabled": True}),
    ),
    Form(
        f"{ONE}/enable",
        UpdateScenario,
        "Enable the scenario",
        "Enable",
        _one,
        intro="It runs on its schedule again, as you.",
        said="The scenario is enabled.",
        prepare=lambda visit: _about_it(visit, fixed={"disabled": False}),
    ),
    Form(
        f"{ONE}/runs/{{run}}/cancel",
        CancelScenario,
        "Cancel the run",
        "Cancel the run",
        _one,
        intro="The step that is under way is cancelled, and no other begins.",
        said="The run is cancelled.",
        prepare=_about_it,
        dangerous=True,
    ),
    Form(
        f"{ONE}/delete",
        DeleteScenario,
        "Delete the scenario",
        "Delete scenario",
        lambda visit, _done: address(PATH, project=visit.path["project"]),
        intro="The history of its runs goes with it. This cannot be undone.",
        said="The scenario is deleted.",
        prepare=_about_it,
        dangerous=True,
    ),
)
