"""The words of lists of governed items: filters, and views that are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from modelyard.governance.items.ids import Kind
from modelyard.governance.templates.conditions import Condition
from modelyard.kernel.values import Name, Value, Variable

Grouping = Literal["kind", "state", "status", "stage", "template", "project"]
Sorting = Literal["id", "name", "changed"]
Column = Literal["state", "status", "signoffs", "template", "project", "stage", "changed"]
Display = Literal["table", "matrix", "kanban"]
Theme = Literal["plain", "balance", "heat"]


class ViewSettings(Value):
    """Which items are looked at, and how."""

    where: Condition | None = Field(default=None, description="which items; None: all")
    kind: Kind | None = Field(default=None, description="only items of this kind")
    columns: tuple[Column, ...] = Field(
        default=(), max_length=10, description="of the table, in order; none: the usual ones"
    )
    group: Grouping | None = Field(default=None, description="alike ones stand together")
    sort: Sorting = "id"
    by_field: Variable | None = Field(default=None, description="field that orders in its place")
    reverse: bool = Field(default=False, description="whether the order is the other way round")
    field: tuple[Variable, ...] = Field(
        default=(), max_length=10, description="fields of templates that are columns, too"
    )
    display: Display = Field(
        default="table",
        description="'matrix' or 'kanban' without a kind: of initiatives and governed projects",
    )
    across: Variable | None = Field(default=None, description="field along a matrix")
    up: Variable | None = Field(default=None, description="field up a matrix")
    theme: Theme = Field(
        default="plain",
        description="of a matrix: 'balance' from red, far across, to green, far up; 'heat' deeper "
        "the further both",
    )
    text: str = Field(default="", max_length=5000, description="Markdown above the items")
    menu: bool = Field(default=False, description="whether it stands in the navigation")


class SavedView(ViewSettings):
    """A view under a name, of one's own or shared with everybody."""

    listed: ClassVar[tuple[str, ...]] = (
        *("name", "shared", "menu", "owner", "kind", "display", "group", "changed"),
    )

    name: Name
    shared: bool = Field(description="whether everybody has it")
    owner: str = Field(description="who saved it")
    changed: datetime

    @property
    def filter(self) -> Any:
        """Its filter as it is written; None: it has none."""
        where = self.where
        return None if where is None else where.model_dump(mode="json", exclude_unset=True)
