"""What one can ask of scenarios."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modelyard.jobs.scenarios.types import Condition, Scenario, ScenarioRun, ScenarioSummary, Step
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Json, Name

MOST_STEPS = 200
Cron = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
STEPS = {"command": "recipes.run", "arguments": {"name": "nightly-${day}"}}
ABOUT_STEPS = "its commands, in order, each as JSON: command, arguments, name, when, retries"
ABOUT_PARAMETERS = (
    "what ${name} in its steps stands for, unless a run says otherwise; null: a run says it"
)
ABOUT_CRON = "when it runs: minute hour day month weekday, such as '0 6 * * MON-FRI'"
ABOUT_AFTER = "run after this scenario of the project"
ABOUT_AFTER_WHEN = "how the scenario before has to end"


class CreateScenario(ProjectCommand[Scenario]):
    """Save a list of commands, to be run on a schedule, after another scenario, or by hand."""

    needs = "scenarios:write"
    route = "POST /scenarios"
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project")
    steps: tuple[Step, ...] = Field(
        min_length=1, max_length=MOST_STEPS, description=ABOUT_STEPS, examples=[[STEPS]]
    )
    description: Description = Field(default="", description="one line for people")
    parameters: dict[str, Json] = Field(
        default={}, description=ABOUT_PARAMETERS, examples=[{"day": "monday"}]
    )
    cron: Cron = Field(default="", description=ABOUT_CRON)
    timezone: str = Field(
        default="UTC", description="in which the cron line is read, such as Europe/Paris"
    )
    after: Name | None = Field(default=None, description=ABOUT_AFTER)
    after_when: Condition = Field(default="succeeded", description=ABOUT_AFTER_WHEN)
    disabled: bool = Field(default=False, description="run by hand only, for now")


class UpdateScenario(ProjectCommand[Scenario]):
    """Change a scenario; what is not given stays. It then runs as whoever changed it."""

    needs = "scenarios:write"
    route = "PATCH /scenarios/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")
    steps: tuple[Step, ...] | None = Field(
        default=None, min_length=1, max_length=MOST_STEPS, description=ABOUT_STEPS
    )
    description: Description | None = Field(default=None, description="one line for people")
    parameters: dict[str, Json] | None = Field(default=None, description=ABOUT_PARAMETERS)
    cron: Cron | None = Field(default=None, description=f"{ABOUT_CRON}; empty: no schedule")
    timezone: str | None = Field(default=None, description="in which the cron line is read")
    after: str | None = Field(
        default=None, max_length=127, description=f"{ABOUT_AFTER}; empty: after none"
    )
    after_when: Condition | None = Field(default=None, description=ABOUT_AFTER_WHEN)
    disabled: bool | None = Field(default=None, description="run by hand only, for now")


class ListScenarios(ProjectCommand[list[ScenarioSummary]], Paged):
    """List the scenarios of a project, each with what came of its last run."""

    needs = "scenarios:read"
    route = "GET /scenarios"


class ShowScenario(ProjectCommand[Scenario]):
    """Show a scenario."""

    needs = "scenarios:read"
    route = "GET /scenarios/{name}"
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")


class RunScenario(ProjectCommand[ScenarioRun]):
    """Begin to run a scenario now, as whoever asks; its steps are jobs."""

    needs = "scenarios:write"
    route = "POST /scenarios/{name}/run"
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")
    parameters: dict[str, Json] = Field(
        default={}, description="parameters of this run (KEY:=JSON for what is not text)"
    )


class CancelScenario(ProjectCommand[ScenarioRun]):
    """End the run of a scenario that is under way: its step is cancelled, no other begins."""

    needs = "scenarios:write"
    route = "POST /scenarios/{name}/cancel"
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")
    run: str | None = Field(default=None, description="only if it is the run of this id")


class ListScenarioRuns(ProjectCommand[list[ScenarioRun]], Paged):
    """List the runs of a scenario with their steps, the newest first."""

    needs = "scenarios:read"
    route = "GET /scenarios/{name}/runs"
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")
    run: str | None = Field(default=None, description="only the run of this id")


class DeleteScenario(ProjectCommand[None]):
    """Delete a scenario with the history of its runs."""

    needs = "scenarios:write"
    route = "DELETE /scenarios/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the scenario")
