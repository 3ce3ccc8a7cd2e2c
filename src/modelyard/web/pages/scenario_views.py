"""What pages of scenarios show, and the words of their forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.jobs.scenarios.types import (
    Condition,
    RunState,
    Scenario,
    Step,
    StepState,
)
from modelyard.kernel.values import Value
from modelyard.models.commands import ListModels
from modelyard.recipes.commands import ListRecipes
from modelyard.web.pages.form import Words
from modelyard.web.pages.page import ListView, View

AFTER: Mapping[Condition, str] = {
    "succeeded": "if that succeeded",
    "failed": "if that failed",
    "always": "whatever comes of it",
}
NAMED = {
    "recipe": "recipes",
    "model": "models",
    "dataset": "datasets",
    "input": "datasets",
    "output": "datasets",
}
"""The rooms of what arguments of steps name."""
LISTS = {"recipes": ListRecipes, "models": ListModels, "datasets": ListDatasets}
FIELDS = (
    "description", "steps", "parameters", "every", "weekday", "monthday", "at", "cron", "timezone",
    "after", "after_when", "disabled",
)  # fmt: skip
WORDS = {
    "name": Words(placeholder="nightly", mono=True),
    "steps": Words(help=""),
    "steps.does": Words(label="What it runs", needed=True),
    "steps.command": Words(
        help="Its room and verb; what there is shows as you type",
        kind="text",
        placeholder="recipes.run",
        mono=True,
    ),
    "steps.arguments": Words(
        help="As JSON; ${name} in them stands for a parameter, a date of the run or what a step "
        "before it gave",
        placeholder='{"name": "nightly"}',
    ),
    "steps.name": Words(label="What it is for", help=""),
    "steps.when": Words(label="Run it", help="", later=True),
    "steps.only_if": Words(
        label="Only if",
        help="As JSON: parameters, or results of steps before it, and the value that each has to "
        "have, or a list of them",
        placeholder='{"step.1.outcome": ["warning", "error"]}',
        later=True,
    ),
    "steps.retries": Words(later=True),
    "parameters": Words(placeholder='{"day": "monday"}', later=True),
    "every": Words(label="Schedule", needed=True),
    "weekday": Words(label="On", needed=True),
    "monthday": Words(label="On day", help="Months without it are passed over", needed=True),
    "at": Words(label="At", kind="time", needed=True),
    "cron": Words(
        label="Line of cron",
        help="Minute hour day month weekday",
        placeholder="0 6 * * MON-FRI",
        mono=True,
        needed=True,
    ),
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


class Argument(Value):
    """An argument of a step as its scenario shows it."""

    name: str
    text: str
    href: str | None
    """The page of what it names, if that exists."""


class WrittenStep(Value):
    """A step as its scenario shows it."""

    step: Step
    arguments: tuple[Argument, ...]


class ScenarioView(View):
    """A scenario with the last of its runs."""

    scenario: Scenario
    steps: tuple[WrittenStep, ...]
    href: str
    when: str
    schedule: str
    """Its line of cron in words; empty if it has none."""
    after_href: str | None
    runs: tuple[RunLine, ...]
    running: RunLine | None
    next: str | None
    """Where older runs begin."""
    may_change: bool
