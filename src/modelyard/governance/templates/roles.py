"""Roles of templates: what those may do who have one, and to whom it is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from modelyard.governance.templates.conditions import Condition
from modelyard.governance.templates.fields import People
from modelyard.kernel.values import Name, OneLine, Value, Variable

ItemRight = Literal["read", "write", "create", "delete", "decide", "feedback"]
"""What one may do with an item."""
REVIEWER = "reviewer-"
"""What the name of the role begins with whose users give feedback for a group."""
READER, CONTRIBUTOR, ASKED = "reader", "contributor", "asked"
"""Roles that follow from those in projects, from who edits, and from who is asked in sign-offs."""
SHIPPED: dict[str, tuple[ItemRight, ...]] = {
    READER: ("read",),
    CONTRIBUTOR: ("read", "write"),
    ASKED: ("read",),
    "project-manager": ("read", "write", "create", "delete"),
    "final-approver": ("read", "decide"),
}
MOST = 300

KeyId = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]


class Fields(Value):
    """Some fields of a template: all, all but some, or only some."""

    all_but: tuple[Variable, ...] = Field(default=(), max_length=MOST)
    only: tuple[Variable, ...] | None = Field(default=None, max_length=MOST)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Fields:
        if self.all_but and self.only is not None:
            raise ValueError("say all_but or only, not both")
        return self

    @property
    def are_all(self) -> bool:
        """Whether none is left out."""
        return not self.all_but and self.only is None

    @property
    def named(self) -> tuple[Variable, ...]:
        """Those that are named."""
        return self.all_but if self.only is None else self.only

    def among(self, known: Iterable[str]) -> frozenset[str]:
        """Those of some fields that are meant."""
        if self.only is not None:
            return frozenset(known) & frozenset(self.only)
        return frozenset(known) - frozenset(self.all_but)


class Given(People):
    """To whom a role is given, and on which items of the template."""

    keys: tuple[KeyId, ...] = Field(default=(), max_length=50, description="ids of API keys")
    everyone: bool = Field(default=False, description="whoever is signed in")
    named_in: Variable | None = Field(
        default=None, description="field that names users, or groups as group:NAME"
    )
    only_if: Condition | None = Field(default=None, description="on items of which this holds")
    gone: bool | None = Field(
        default=None, description="on those whose source was deleted, or on the others"
    )

    @model_validator(mode="after")
    def _has_somebody(self) -> Given:
        if not (self or self.keys or self.everyone or self.named_in):
            raise ValueError("say to whom: groups, users, keys, everyone: true, or named_in")
        return self


class Role(Value):
    """What those may do with items of a template who have a role."""

    listed: ClassVar = ("id", "title", "may", "reads", "writes")

    id: Name
    title: OneLine = ""
    may: tuple[ItemRight, ...] | None = Field(
        default=None, description="with items; None: what the role of this name lets one do"
    )
    reads: Fields = Field(default=Fields(), description="fields whose values it shows")
    writes: Fields = Field(default=Fields(), description="fields that it lets one set, if it may")
    given: tuple[Given, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _may_something(self) -> Role:
        if self.may is None and shipped_rights(self.id) is None:
            known = ", ".join([*SHIPPED, f"{REVIEWER}GROUP"])
            raise ValueError(
                f"no role {self.id!r} comes with Modelyard ({known} do), so say what it may: "
                "may: [read]"
            )
        return self

    @property
    def rights(self) -> tuple[ItemRight, ...]:
        """What it lets one do."""
        return self.may if self.may is not None else shipped_rights(self.id) or ()


class RolesFrom(Value):
    """Items whose roles hold on the items of a template as well."""

    parent: bool = Field(default=False, description="that to which an item belongs")
    fields: tuple[Variable, ...] = Field(
        default=(), max_length=20, description="those to which these fields refer"
    )

    def __bool__(self) -> bool:
        return self.parent or bool(self.fields)


def shipped_rights(role: str) -> tuple[ItemRight, ...] | None:
    """What a role that comes with Modelyard lets one do; None: there is none of this name."""
    if role.startswith(REVIEWER) and len(role) > len(REVIEWER):
        return ("read", "feedback")
    return SHIPPED.get(role)


def role_of(roles: Iterable[Role], name: str) -> Role:
    """What a role is in a template: what that says of it, else what comes with Modelyard."""
    told: dict[str, Any] = {"id": name}
    if shipped_rights(name) is None:
        told["may"] = ()  # another template's
        told["reads"] = told["writes"] = Fields(only=())
    return next((each for each in roles if each.id == name), None) or Role(**told)
