"""What one can ask of checks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from modelyard.evaluations.assertion_types import Finite
from modelyard.evaluations.charting.commands import html_output
from modelyard.evaluations.labels import LabelKey, LabelText
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Description, LocalPath, Name
from modelyard.monitoring.types import (
    LONGEST_CODE,
    Check,
    CheckLabel,
    CheckResult,
    CheckRun,
    CheckSettings,
    CheckSummary,
    Code,
    NumberedCode,
    ReportedStore,
)

STORE = "evaluation store whose evaluations it is about"
NAME = "name of the check"


class CreateCheck(CheckSettings, ProjectCommand[Check]):
    """Say what has to hold of the evaluations of a store; nothing is run yet."""

    needs = "checks:write"
    route = "POST /stores/{store}/checks"
    arguments = ("store", "name")

    store: Name = Field(description=STORE, examples=["monthly"])
    name: Name = Field(description="unique name inside the store", examples=["good-enough"])
    description: Description = Field(default="", description="one line for people")
    labels: tuple[CheckLabel, ...] = Field(
        default=(), max_length=20, description="by which it can be chosen"
    )
    disabled: bool = Field(default=False, description="do not run it, for now")


class ListChecks(ProjectCommand[list[CheckSummary]], Paged):
    """List the checks of a project or a store, each with its result on the newest evaluation."""

    needs = "checks:read"
    route = "GET /checks"

    store: Name | None = Field(default=None, description="only those of this evaluation store")


class UpdateCheck(ProjectCommand[Check]):
    """Change a check; what is not given stays, its kind does. What came of it before stays, too."""

    needs = "checks:write"
    route = "PATCH /stores/{store}/checks/{name}"
    guarded = True
    arguments = ("store", "name")

    store: Name = Field(description=STORE, examples=["monthly"])
    name: Name = Field(description=NAME)
    description: Description | None = Field(default=None, description="one line for people")
    labels: tuple[CheckLabel, ...] | None = Field(
        default=None, max_length=20, description="by which it can be chosen"
    )
    disabled: bool | None = Field(default=None, description="do not run it, or do again")
    metric: Annotated[Code | None, EMPTIED] = Field(default=None, description="code of the metric")
    label: Annotated[LabelKey | None, EMPTIED] = Field(
        default=None, description="values: key of the label, in place of a metric"
    )
    min: Annotated[Finite | None, EMPTIED] = Field(
        default=None, description="range, drift: an error below it; empty: none"
    )
    soft_min: Annotated[Finite | None, EMPTIED] = Field(
        default=None, description="range, drift: a warning below it; empty: none"
    )
    soft_max: Annotated[Finite | None, EMPTIED] = Field(
        default=None, description="range, drift: a warning above it; empty: none"
    )
    max: Annotated[Finite | None, EMPTIED] = Field(
        default=None, description="range, drift: an error above it; empty: none"
    )
    values: tuple[LabelText, ...] | None = Field(
        default=None, max_length=1000, description="values: those that are allowed"
    )
    code: str | None = Field(
        default=None, max_length=LONGEST_CODE, description="python: code of a function `check`"
    )
    seconds: float | None = Field(
        default=None, gt=0, le=600, description="python: that it may take at most"
    )
    runs: Annotated[int | None, EMPTIED] = Field(
        default=None,
        ge=3,
        le=10_000,
        description="typical: learn from so many evaluations before it; empty: all",
    )
    days: Annotated[float | None, EMPTIED] = Field(
        default=None,
        gt=0,
        le=36_500,
        description="typical: learn from evaluations of so many days before it; empty: all",
    )
    soft_k: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="typical: a warning further than so many interquartile ranges from the "
        "quartiles",
    )
    hard_k: float | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="typical: an error further than so many of them",
    )
    margin: float | None = Field(
        default=None,
        ge=0,
        le=1e12,
        description="significance: a warning instead of an error as long as it may be worse by no "
        "more than this",
    )
    codes: tuple[NumberedCode, ...] | None = Field(
        default=None, max_length=100, description="numbered: codes of those that count"
    )


class ShowCheck(ProjectCommand[Check]):
    """Show what a check asks; `checks history STORE --check NAME` shows what came of it."""

    needs = "checks:read"
    route = "GET /stores/{store}/checks/{name}"
    arguments = ("store", "name")

    store: Name = Field(description=STORE, examples=["monthly"])
    name: Name = Field(description=NAME)


class RunChecks(ProjectCommand[CheckRun]):
    """Run checks of a store on one of its evaluations, and fail if one of them does.

    Results are kept, also of a run that fails; those of definitions are only told.
    """

    needs = "checks:write"
    route = "POST /stores/{store}/checks/run"
    title = "Run the checks of {store}"
    background = True
    arguments = ("store",)

    store: Name = Field(description=STORE, examples=["monthly"])
    evaluation: str | None = Field(default=None, description="id of the evaluation  [the newest]")
    checks: tuple[Name, ...] = Field(
        default=(), max_length=1000, description="names of the checks  [all that are not disabled]"
    )
    labels: tuple[CheckLabel, ...] = Field(
        default=(), max_length=20, description="only checks with one of these labels"
    )
    definitions: tuple[CheckSettings, ...] = Field(
        default=(),
        max_length=100,
        description="checks for this run alone, as JSON; without --checks and --labels no other "
        "one is run",
        examples=[[{"kind": "range", "metric": "auc", "min": 0.7}]],
    )
    fail_on: Literal["error", "warning", "never"] = Field(
        default="error", description="the outcome at which it fails, or 'never'"
    )


class ListResults(ProjectCommand[list[CheckResult]], Paged):
    """List what came of the checks of a store, the newest first."""

    needs = "checks:read"
    route = "GET /stores/{store}/check-results"
    arguments = ("store",)

    store: Name = Field(description=STORE, examples=["monthly"])
    check: Name | None = Field(default=None, description="only of this check")
    evaluation: str | None = Field(default=None, description="only on this evaluation")
    outcome: CheckOutcome | None = Field(default=None, description="only of this outcome")


class DeleteCheck(ProjectCommand[None]):
    """Delete a check with all that came of it."""

    needs = "checks:write"
    route = "DELETE /stores/{store}/checks/{name}"
    guarded = True
    arguments = ("store", "name")

    store: Name = Field(description=STORE, examples=["monthly"])
    name: Name = Field(description=NAME)


class ReportStore(ProjectCommand[ReportedStore]):
    """Write an evaluation store as one HTML file that needs nothing else: to be read and printed.

    It holds the verdict on the newest evaluation, all evaluations with their labels, metrics as
    they went with what was expected of them, the drift of each, and the latest results of checks.
    Of two classes the thresholds of the newest evaluations can be moved in it.
    """

    needs = "evaluations:read"
    route = "GET /stores/{name}/report"
    receives = "output"
    arguments = ("name",)

    name: Name = Field(description="name of the evaluation store", examples=["monthly"])
    output: Annotated[str, LocalPath("write")] = Field(
        description="new file, HTML", examples=["store.html"]
    )
    metrics: tuple[Code, ...] = Field(
        default=(),
        max_length=20,
        description="codes of the metrics that are drawn  [those that say most]",
    )
    x: str | None = Field(default=None, description="label that lies across, as in `stores chart`")
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_html(cls, given: Any) -> Any:
        return html_output(given)
