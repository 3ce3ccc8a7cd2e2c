"""The words of roles on governed items."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from modelyard.governance.items.ids import ItemId, Kind
from modelyard.governance.templates.roles import ItemRight
from modelyard.kernel.values import Json, Name, PlacedProject, Value, Variable

To = Literal["user", "group", "key", "everyone"]


class GivenRole(Value):
    """A role that somebody has on items of the whole instance that meet all that is said."""

    listed: ClassVar = ("number", "role", "to", "name", "kind", "project", "template", "given_by")

    number: int = Field(default=0, description="by which it is taken back")
    role: Name
    to: To
    name: str = Field(default="", description="of the user or group, or the id of the key")
    kind: Kind | None = Field(default=None, description="of the items; None: of all")
    project: PlacedProject | None = None
    template: Name | None = Field(default=None, description="by which they are governed")
    version: int | None = Field(default=None, description="of the template")
    step: Variable | None = Field(default=None, description="that is under way")
    values: dict[Variable, Json] = Field(default={}, description="of fields")
    gone: bool | None = Field(
        default=None, description="whether their sources were deleted; None: either"
    )
    given: datetime
    given_by: str

    @property
    def whom(self) -> str:
        """To whom, in words."""
        return "everyone" if self.to == "everyone" else f"the {self.to} {self.name}"


class KnownRole(Value):
    """What a role lets one do, with what comes with Modelyard or in a template."""

    listed: ClassVar = ("role", "template", "version", "may", "reads", "writes", "given")

    role: str
    template: str = Field(default="", description="empty: wherever none says otherwise")
    version: int | None = None
    title: str = ""
    may: tuple[ItemRight, ...] = ()
    reads: str = Field(default="", description="fields whose values it shows")
    writes: str = Field(default="", description="fields that it lets one set")
    given: tuple[str, ...] = Field(default=(), description="to whom the template gives it")


class HeldRole(Value):
    """A role that somebody has on an item."""

    listed: ClassVar = ("role", "because", "origin", "may")

    role: str
    because: str = Field(description="the rule that gives it")
    origin: ItemId = Field(description="the item on which it is given, which may be another")
    may: tuple[ItemRight, ...] = ()


class Allowed(Value):
    """What somebody may do with an item, and by which rules."""

    item: ItemId
    user: str
    all: bool = Field(description="they govern the whole instance")
    may: tuple[ItemRight, ...] = ()
    roles: tuple[HeldRole, ...] = ()
    reads: tuple[str, ...] = Field(default=(), description="ids of fields that they may read")
    writes: tuple[str, ...] = Field(default=(), description="ids of fields that they may set")
    asked: tuple[str, ...] = Field(
        default=(), description="steps whose sign-offs they are asked for, with the group"
    )
