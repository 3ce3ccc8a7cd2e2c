"""What one can ask of the whole house."""

from __future__ import annotations

from pydantic import Field

from modelyard.housekeeping.types import Setting
from modelyard.kernel.command import Command
from modelyard.kernel.values import ProjectKey


class DeleteProject(Command[None]):
    """Delete a project; with --force also all that it holds."""

    needs = "projects:write"
    route = "DELETE /projects/{key}"
    in_place = True
    guarded = True
    project_field = "key"
    arguments = ("key",)

    key: ProjectKey = Field(description="key of the project")
    force: bool = Field(
        default=False,
        description="even if it holds models, datasets, recipes, scenarios, runs, evaluations or "
        "files",
    )


class ShowSettings(Command[list[Setting]]):
    """Show every setting without its secrets, and whether a file or a variable set it."""

    needs = "settings:read"
    route = "GET /settings"
