"""What one can ask of many governed items at once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.items.types import ListedItem, State
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name, OneLine, ProjectKey

Grouping = Literal["kind", "state", "status", "stage", "template", "project"]
Sorting = Literal["id", "name", "changed"]


class ListItems(Command[list[ListedItem]], Paged):
    """List what can be governed, and what is, in the projects that you may see."""

    needs = "govern:read"
    route = "GET /govern/items"

    kind: Kind | None = Field(default=None, description="only items of this kind")
    state: State | None = Field(
        default=None, description="only those in this state  [all but those that are hidden]"
    )
    project: ProjectKey | None = Field(default=None, description="only those of this project")
    stage: Name | None = Field(
        default=None, description="only infrastructures of this stage, and what is on them"
    )
    status: OneLine | None = Field(
        default=None, description="only those that are in this step of their template"
    )
    template: Name | None = Field(
        default=None, description="only those that are governed by this template"
    )
    under: ItemId | None = Field(default=None, description="only those that belong to this item")
    top: bool = Field(
        default=False, description="only those that belong to none, or to none that you see"
    )
    search: str = Field(
        default="", max_length=200, description="only ids or descriptions that contain this"
    )
    gone: bool = Field(default=False, description="those whose sources were deleted instead")
    group: Grouping | None = Field(
        default=None, description="alike ones together: 'kind', 'state', 'status', …"
    )
    sort: Sorting = Field(
        default="id",
        description="'id', 'name', or 'changed', of which the newest come first",
    )
