"""The pages of scenarios: all of a project, one with its runs, and the forms that change it."""

from __future__ import annotations

import json
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
    Scenario,
    ScenarioSummary,
    Step,
    StepRun,
)
from modelyard.jobs.scenarios.types import ScenarioRun as Run
from modelyard.kernel.values import now
from modelyard.recipes.commands import ListRecipes
from modelyard.verbs import CATALOG
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.naming import about, place
from modelyard.web.pages.page import Crumb, Nav, Page, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb
from modelyard.web.pages.scenario_forms import (
    ASKED,
    DAYS_OF_WEEK,
    FIRST,
    SCHEDULES,
    does,
    shown_schedule,
    shown_step,
)
from modelyard.web.pages.scenario_views import (
    AFTER,
    FIELDS,
    LISTS,
    NAMED,
    WORDS,
    Argument,
    RunLine,
    ScenarioLine,
    ScenariosView,
    ScenarioView,
    StepLine,
    WrittenStep,
)

PART = 50
RUNS = 20
MOST = 500
"""Recipes, models and datasets that are looked at to offer them or lead to them."""
SEARCHED = 20
"""Projects whose scenarios the search looks at."""
PATH = "/projects/{project}/scenarios"
ONE = f"{PATH}/{{name}}"


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
        steps=_written(visit, found),
        href=_href(found.project, found.name),
        when=when(found),
        schedule=_in_words(found.cron) if found.cron else "",
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


def _written(visit: Visit, scenario: Scenario) -> tuple[WrittenStep, ...]:
    """Its steps, with the pages of what they name."""
    named = {
        room for step in scenario.steps for name in step.arguments if (room := _room(step, name))
    }
    there = {room: _names(visit, room) for room in named}
    return tuple(
        WrittenStep(
            step=step,
            arguments=tuple(
                Argument(
                    name=name,
                    text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                    href=_page_of(scenario.project, _room(step, name), value, there),
                )
                for name, value in step.arguments.items()
            ),
        )
        for step in scenario.steps
    )


def _room(step: Step, argument: str) -> str:
    """What an argument of a step names: recipes, models or datasets of its project, or nothing."""
    if "project" in step.arguments:
        return ""
    room = step.command.partition(".")[0]
    return room if argument == "name" and room in NAMED.values() else NAMED.get(argument, "")


def _names(visit: Visit, room: str) -> frozenset[str]:
    asked = LISTS[room](project=visit.path["project"], limit=MOST)
    return frozenset(each.name for each in visit.part(asked))


def _page_of(project: str, room: str, name: Any, there: Mapping[str, frozenset[str]]) -> str | None:
    if not isinstance(name, str) or name not in there.get(room, ()):
        return None
    return place(f"{room}.show", {"project": project, "name": name})


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


def _recipes(visit: Visit) -> list[str]:
    return [
        each.name for each in visit.part(ListRecipes(project=visit.path["project"], limit=MOST))
    ]


def _choices(visit: Visit, recipes: Sequence[str], but: str = "") -> dict[str, Choices]:
    others = visit.part(ListScenarios(project=visit.path["project"], limit=PART))
    return {
        "every": SCHEDULES,
        "weekday": DAYS_OF_WEEK,
        "steps.does": does(recipes),
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
    recipes = _recipes(visit)
    return Draft(
        crumbs=_above(visit),
        proposed=FIRST,
        choices=_choices(visit, recipes),
        left_out=_without(recipes),
    )


def _without(recipes: Sequence[str]) -> frozenset[str]:
    """What is not asked for where there are these recipes."""
    return frozenset() if recipes else frozenset({"steps.does"})


def _about_it(visit: Visit, **more: Any) -> Draft:
    name = visit.path["name"]
    here = Crumb(label=name, href=_href(visit.path["project"], name))
    return Draft(crumbs=(*_above(visit), here), **more)


def _edited(visit: Visit) -> Draft:
    found = visit.run(_shown(visit))
    recipes = _recipes(visit)
    steps = [shown_step(each, recipes) for each in found.steps]
    kept = found.model_dump(include=set(FIELDS))
    return _about_it(
        visit,
        values=kept | shown_schedule(found.cron) | {"steps": steps},
        choices=_choices(visit, recipes, found.name),
        left_out=_without(recipes),
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
        asked=ASKED,
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
        asked=ASKED,
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
