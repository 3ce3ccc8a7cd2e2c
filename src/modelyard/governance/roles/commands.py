"""What one can ask of roles on governed items."""

from __future__ import annotations

from pydantic import Field, model_validator

from modelyard.governance.items.ids import Kind
from modelyard.governance.roles.types import GivenRole, KnownRole
from modelyard.governance.templates.roles import KeyId
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command
from modelyard.kernel.values import Json, Name, PlacedProject, Variable


class ListRoles(Command[list[KnownRole]]):
    """List the roles there are: what they let one do as they came, and otherwise in templates."""

    needs = "templates:read"
    route = "GET /govern/roles"

    template: Name | None = Field(default=None, description="only those of this template")


class ListGivenRoles(Command[list[GivenRole]]):
    """List which roles were given on items of the whole instance: yours; to who governs it, all."""

    needs = "govern:read"
    route = "GET /govern/roles/given"

    role: Name | None = Field(default=None, description="only this role")


class GiveRole(Command[GivenRole]):
    """Give a role on all items of which everything holds that you say; rights only add up.

    What the role lets one do on an item is said by the item's template, else by what came with
    Modelyard.
    """

    needs = "roles:write"
    route = "POST /govern/roles/given"
    arguments = ("role",)

    role: Name = Field(
        description="name of the role, as roles list shows them", examples=["reader"]
    )
    user: UserName | None = Field(default=None, description="to whom", examples=["ada"])
    group: Name | None = Field(default=None, description="or: to the users of this group")
    key: KeyId | None = Field(default=None, description="or: to who uses the API key of this id")
    everyone: bool = Field(default=False, description="or: to whoever is signed in")
    kind: Kind | None = Field(default=None, description="on items of this kind")
    project: PlacedProject | None = Field(default=None, description="on items of this project")
    template: Name | None = Field(default=None, description="on items governed by this template")
    version: int | None = Field(
        default=None, ge=1, le=1_000_000, description="on items by this version of the template"
    )
    step: Variable | None = Field(default=None, description="as long as this step is under way")
    values: dict[Variable, Json] = Field(
        default={}, max_length=20, description="as long as fields hold these values"
    )
    gone: bool | None = Field(
        default=None, description="on those whose sources were deleted; false: on the others alone"
    )

    @model_validator(mode="after")
    def _says_to_whom(self) -> GiveRole:
        said = [self.user, self.group, self.key, self.everyone or None]
        if sum(each is not None for each in said) != 1:
            raise ValueError("say to whom: one of user, group, key and everyone")
        if self.version is not None and self.template is None:
            raise ValueError("a version is one of a template; name that as well")
        return self


class TakeRole(Command[None]):
    """Take a role back that was given."""

    needs = "roles:write"
    route = "DELETE /govern/roles/given/{number}"
    arguments = ("number",)

    number: int = Field(ge=1, le=1_000_000_000, description="as roles given lists it", examples=[1])
