"""What one can ask of projects."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, ProjectKey
from modelyard.projects.types import Project, Variables

ABOUT_VARIABLES = "what ${project.NAME} in steps of scenarios stands for; no secrets"


class CreateProject(Command[Project]):
    """Create a project."""

    needs = "projects:write"
    route = "POST /projects"
    arguments = ("key",)

    key: ProjectKey = Field(description="unique key: a letter, then letters, digits, - and _")
    description: Description = Field(default="", description="one line for people")
    variables: Variables = Field(default={}, description=ABOUT_VARIABLES)


class UpdateProject(Command[Project]):
    """Change a project's description or variables; what is not given stays."""

    needs = "projects:write"
    route = "PATCH /projects/{key}"
    guarded = True
    project_field = "key"
    arguments = ("key",)

    key: ProjectKey = Field(description="key of the project")
    description: Description | None = Field(default=None, description="one line for people")
    variables: Variables | None = Field(
        default=None, description=f"{ABOUT_VARIABLES}; in place of those it has"
    )


class ListProjects(Command[list[Project]], Paged):
    """List the projects."""

    needs = "projects:read"
    route = "GET /projects"


class ShowProject(Command[Project]):
    """Show one project."""

    needs = "projects:read"
    route = "GET /projects/{key}"
    project_field = "key"
    arguments = ("key",)

    key: ProjectKey = Field(description="key of the project")
