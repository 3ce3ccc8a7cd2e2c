"""The words of scenarios."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.jobs.types import JobError
from modelyard.kernel.values import Json, Name, Value

Condition = Literal["always", "succeeded", "failed"]
RunState = Literal["running", "succeeded", "failed", "cancelled", "skipped"]
StepState = Literal["waiting", "running", "succeeded", "failed", "cancelled", "skipped"]


class Step(Value):
    """One command of a scenario."""

    command: str = Field(description="as room.verb")
    arguments: dict[str, Json] = Field(
        default={},
        description="its arguments; ${name} in them stands for a parameter, ${step.1.id} for what "
        "a step before it gave",
    )
    name: str = Field(default="", max_length=200, description="for people")
    when: Condition = Field(
        default="succeeded",
        description="'succeeded': if no step before it failed; 'failed': if one did; 'always'",
    )
    only_if: dict[str, Json] = Field(
        default={},
        max_length=20,
        description="it runs only if each of these parameters has this value, or one of a list",
    )
    retries: int = Field(default=0, ge=0, le=100, description="attempts after the first")


class Scenario(Value):
    """A named list of commands, run one after another as jobs."""

    project: str
    name: Name
    description: str = ""
    steps: tuple[Step, ...] = ()
    parameters: dict[str, Json] = Field(
        default={}, description="what ${name} stands for, unless a run says otherwise"
    )
    cron: str = Field(default="", description="when it runs, as a line of cron")
    timezone: str = Field(default="UTC", description="in which the cron line is read")
    after: str = Field(default="", description="the scenario that it follows")
    after_when: Condition = Field(
        default="succeeded", description="how that one has to end for this one to run"
    )
    disabled: bool = Field(default=False, description="it runs by hand only")
    owner: str = Field(description="who saved it last; it runs as them, unless by hand")
    created: datetime
    next_run: datetime | None = None


class ScenarioSummary(Scenario):
    """One line of a list of scenarios: with what came of its last run."""

    listed = (
        "name", "cron", "timezone", "after", "disabled", "next_run", "last_state", "owner",
        "description",
    )  # fmt: skip

    last_run: str | None = Field(default=None, description="id of its last run; None: never ran")
    last_state: RunState | None = None
    last_started: datetime | None = None


class StepRun(Value):
    """A step of a run."""

    command: str
    name: str = ""
    state: StepState = "waiting"
    job: str | None = Field(default=None, description="the job that runs it: jobs show, jobs log")
    started: datetime | None = None
    ended: datetime | None = None
    error: JobError | None = None
    reason: str = Field(default="", description="why it was not run")


class ScenarioRun(Value):
    """One time that a scenario ran, or was to."""

    listed = ("id", "scenario", "state", "trigger", "actor", "started", "ended", "reason")

    id: str
    project: str
    scenario: str
    state: RunState
    trigger: str = Field(description="what made it run")
    actor: str = Field(description="who it runs as")
    started: datetime
    ended: datetime | None = None
    reason: str = ""
    parameters: dict[str, Json] = {}
    steps: tuple[StepRun, ...] = ()
