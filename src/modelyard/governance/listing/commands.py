"""What one can ask of many governed items at once."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.items.types import ListedItem, State
from modelyard.governance.listing.registry_types import BundleLine, BusinessItem, ModelLine
from modelyard.governance.listing.types import (
    Column,
    Display,
    Grouping,
    SavedView,
    Sorting,
    Theme,
)
from modelyard.governance.templates.conditions import MetricName
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Name, OneLine, PlacedProject, Value, Variable


def _written(given: Any) -> Any:
    """A filter as text, which Python may give as what it is."""
    if isinstance(given, Value):
        given = given.model_dump(mode="json", exclude_unset=True)
    if not isinstance(given, dict):
        return given
    try:
        return json.dumps(given)
    except TypeError as error:
        raise ValueError("holds what JSON has no value for") from error


FilterText = Annotated[str, BeforeValidator(_written), StringConstraints(max_length=20_000)]
FILTER = "a filter: a condition in JSON or YAML"
BY_FIELD = (
    "order by what this field of templates says, in place of 'sort': numbers and options as these "
    "are, then texts, and last what says nothing"
)
REVERSE = "the other way round"
NAME = Field(description="name of the view", examples=["late"])
SHARED = Field(
    default=None, description="the one that everybody has, or your own  [your own, if there is]"
)


class ListItems(Command[list[ListedItem]], Paged):
    """List what can be governed, and what is, in the projects that you may see.

    A filter is a condition, as templates have them: `item` (id, kind, name, project, parent, state,
    status, stage or template), `field`, `step`, `signoff`, `metric` (of the newest evaluation),
    `time` (created, changed or gone), `fact` (such as `deployments.*.stage`), and `all_of`,
    `any_of` and `none_of` several such.
    """

    needs = "govern:read"
    route = "GET /govern/items"

    kind: Kind | None = Field(default=None, description="only items of this kind")
    state: State | None = Field(
        default=None, description="only those in this state  [all but those that are hidden]"
    )
    project: PlacedProject | None = Field(default=None, description="only those of this project")
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
    where: FilterText | None = Field(default=None, description=f"only those that meet {FILTER}")
    view: Name | None = Field(
        default=None, description="as this saved view has them; with `where`, only some of those"
    )
    group: Grouping | None = Field(
        default=None, description="alike ones together: 'kind', 'state', 'status', …"
    )
    sort: Sorting | None = Field(
        default=None, description="'id', 'name', or 'changed', the newest first  [that of the view]"
    )
    by_field: Variable | None = Field(default=None, description=BY_FIELD)
    reverse: bool = Field(default=False, description=REVERSE)
    field: tuple[Variable, ...] = Field(
        default=(), max_length=10, description="fields of templates that are told with each item"
    )


class SaveView(Command[SavedView]):
    """Keep how items are looked at under a name, in place of a view that has it."""

    needs = "govern:write"
    route = "POST /govern/views"
    arguments = ("name",)

    name: Name = NAME
    where: FilterText | None = Field(default=None, description=f"which items: {FILTER}")
    kind: Kind | None = Field(
        default=None,
        description="only items of this kind  [all; of a matrix and a board, initiatives and "
        "governed projects]",
    )
    column: tuple[Column, ...] = Field(
        default=(), max_length=10, description="columns of the table, in order  [the usual ones]"
    )
    group: Grouping | None = Field(default=None, description="alike ones together")
    sort: Sorting = Field(default="id", description="'id', 'name', or 'changed'")
    by_field: Variable | None = Field(default=None, description=BY_FIELD)
    reverse: bool = Field(default=False, description=REVERSE)
    field: tuple[Variable, ...] = Field(
        default=(), max_length=10, description="fields of templates that are columns, too"
    )
    display: Display = Field(
        default="table",
        description="how items are shown: table, matrix or kanban; the latter two show what is "
        "governed",
    )
    across: Variable | None = Field(
        default=None, description="field of templates along a matrix  [risk]"
    )
    up: Variable | None = Field(default=None, description="field up a matrix  [value]")
    theme: Theme = Field(
        default="plain",
        description="colours of a matrix: 'balance' from red, far across, to green, far up; 'heat' "
        "deeper the further both",
    )
    text: str = Field(
        default="",
        max_length=5000,
        description="Markdown above the items, without headings, pictures and HTML",
    )
    menu: bool = Field(
        default=False, description="let it stand in the navigation of whoever has it"
    )
    shared: bool = Field(
        default=False,
        description="for everybody, which takes an instance admin, or a group with govern:write",
    )


class ListViews(Command[list[SavedView]], Paged):
    """List your own views, and those that everybody has."""

    needs = "govern:read"
    route = "GET /govern/views"

    menu: bool = Field(default=False, description="only those that stand in the navigation")


class ShowView(Command[SavedView]):
    """Show a view: its filter, columns, order and grouping."""

    needs = "govern:read"
    route = "GET /govern/views/{name}"
    arguments = ("name",)

    name: Name = NAME
    shared: bool | None = SHARED


class DeleteView(Command[None]):
    """Delete a view."""

    needs = "govern:write"
    route = "POST /govern/views/{name}/delete"
    arguments = ("name",)

    name: Name = NAME
    shared: bool | None = SHARED


class ShareView(Command[SavedView]):
    """Give one of your own views to everybody, who had no sight of it before.

    That takes an instance admin, or a group with govern:write.
    """

    needs = "govern:write"
    route = "POST /govern/views/{name}/share"
    arguments = ("name",)

    name: Name = NAME


class WithdrawView(Command[SavedView]):
    """Take a shared view back: only you have it from then on, until it is shared again."""

    needs = "govern:write"
    route = "POST /govern/views/{name}/withdraw"
    arguments = ("name",)

    name: Name = NAME


class ListGovernedModels(Command[list[ModelLine]], Paged):
    """List models with their newest versions: how each is governed, what it is worth, where it is.

    Of each version the first and the newest value of one metric are told, its drift by the stores
    of its project, its sign-offs, and its deployments.
    """

    needs = "govern:read"
    route = "GET /govern/models"

    project: PlacedProject | None = Field(default=None, description="only those of this project")
    state: State | None = Field(default=None, description="only models in this state")
    search: str = Field(default="", max_length=200, description="only ids that contain this")
    metric: MetricName | None = Field(
        default=None,
        description="code of a metric, or 'drift'  [auc of classifications, rmse of regressions]",
    )


class ListGovernedBundles(Command[list[BundleLine]], Paged):
    """List bundles: how each is governed, which versions are in it, where it is deployed."""

    needs = "govern:read"
    route = "GET /govern/bundles"

    project: PlacedProject | None = Field(default=None, description="only those of this project")
    state: State | None = Field(default=None, description="only bundles in this state")
    search: str = Field(default="", max_length=200, description="only ids that contain this")


class ListBusiness(Command[list[BusinessItem]], Paged):
    """List business initiatives and governed projects, with what their fields say.

    Governed items of other kinds are listed in the same way where a kind is asked for.
    """

    needs = "govern:read"
    route = "GET /govern/business"

    kind: Kind | None = Field(
        default=None,
        description="only items of this kind  [that of the view, else initiatives and governed "
        "projects]",
    )
    search: str = Field(default="", max_length=200, description="only ids that contain this")
    where: FilterText | None = Field(default=None, description=f"only those that meet {FILTER}")
    view: Name | None = Field(default=None, description="as this saved view has them")
