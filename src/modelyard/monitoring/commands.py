"""What one can ask of checks."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Name
from modelyard.monitoring.types import Check, CheckLabel, CheckSettings, CheckSummary

STORE = "evaluation store whose evaluations it is about"


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
