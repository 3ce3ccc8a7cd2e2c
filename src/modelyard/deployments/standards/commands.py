"""What one can ask of standards."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from modelyard.deployments.standards.types import Severity, Standard, StandardReport
from modelyard.kernel.command import Command, ProjectCommand
from modelyard.kernel.values import Description, Name, ProjectKey

R = TypeVar("R")
NAME = "name of the standard"
ABOUT_SEVERITY = (
    "how bad it is not to meet it, from 1 to 5; infrastructures say from where they warn or block"
)
ABOUT_PROJECTS = "only projects that have to meet it [all]"
ABOUT_CODE = (
    "code of a function `standard`, which is given what is known of a project and returns whether "
    "it is met, or a severity from 0 to 5; or one of these and a message"
)
LONGEST_CODE = 1 << 17


class OfStandard(Command[R], Generic[R]):
    """What is about one standard."""

    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["described"])


class CreateStandard(OfStandard[Standard]):
    """Say by a function of your own what has to hold of projects."""

    needs = "standards:write"
    route = "POST /standards"

    name: Name = Field(description="unique name", examples=["named-well"])
    code: str = Field(
        min_length=1,
        max_length=LONGEST_CODE,
        description=ABOUT_CODE,
        examples=["def standard(project):\n    return bool(project['description'])\n"],
    )
    severity: Severity = Field(default=3, description=ABOUT_SEVERITY)
    projects: tuple[ProjectKey, ...] = Field(
        default=(), max_length=1000, description=ABOUT_PROJECTS
    )
    seconds: float = Field(default=30, gt=0, le=600, description="that it may take at most")
    description: Description = Field(default="", description="one line for people")


class ListStandards(Command[list[Standard]]):
    """List all standards: those that are built in, and those that somebody wrote."""

    needs = "standards:read"
    route = "GET /standards"


class ShowStandard(OfStandard[Standard]):
    """Show a standard."""

    needs = "standards:read"
    route = "GET /standards/{name}"


class UpdateStandard(OfStandard[Standard]):
    """Change a standard, one that is built in, too; what is not given stays."""

    needs = "standards:write"
    route = "PATCH /standards/{name}"
    guarded = True

    severity: Severity | None = Field(default=None, description=ABOUT_SEVERITY)
    projects: tuple[ProjectKey, ...] | None = Field(
        default=None, max_length=1000, description=f"{ABOUT_PROJECTS}; in place of those before"
    )
    disabled: bool | None = Field(default=None, description="ask nobody to meet it, or do again")
    code: str | None = Field(
        default=None, min_length=1, max_length=LONGEST_CODE, description=ABOUT_CODE
    )
    seconds: float | None = Field(
        default=None, gt=0, le=600, description="that its function may take at most"
    )
    description: Description | None = Field(default=None, description="one line for people")


class DeleteStandard(OfStandard[None]):
    """Delete a standard that somebody wrote; those that are built in are disabled."""

    needs = "standards:write"
    route = "DELETE /standards/{name}"
    guarded = True


class RunStandards(ProjectCommand[StandardReport]):
    """Find out which standards a project meets, and keep that as its report.

    Deploying something new of the project does the same, where the infrastructure warns or blocks.
    """

    needs = "standards:write"
    route = "POST /standards/run"
    background = True
    title = "Ask which standards {project} meets"

    fail_from: Severity | None = Field(
        default=None, description="fail if one of this severity or a worse one is not met"
    )


class ShowStandardReport(ProjectCommand[StandardReport]):
    """Show which standards a project met when that was last asked."""

    needs = "standards:read"
    route = "GET /standards"
