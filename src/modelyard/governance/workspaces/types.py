"""The words of workspaces that are governed from here, and of what they and this node tell."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue, StringConstraints

from modelyard.governance.items.ids import ItemId
from modelyard.governance.items.types import State
from modelyard.governance.policies.types import (
    Clause,
    ClauseOutcome,
    Judgement,
    Mode,
    PastDeployment,
)
from modelyard.governance.templates.words import SignoffStatus
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import Description, Name, Value, WorkspaceName

Buckets = dict[str, str]
"""A hash over all marks of a bucket, by the name of the bucket; empty ones are left out."""
UpdateId = Annotated[
    str, StringConstraints(max_length=400, pattern=r"^update:[^/]+/[^/]+/[1-9][0-9]*$")
]
"""update:PROJECT/DEPLOYMENT/NUMBER, such as update:flights/delay-prod/3."""
Marks = dict[str, str]
"""A mark of how each item, or each update of a deployment, is, by what it is called."""


class ConnectedWorkspace(Value):
    """Another workspace whose things are governed from here."""

    listed: ClassVar = ("name", "items", "seen", "warning", "version", "description", "created_by")

    name: WorkspaceName
    description: Description = ""
    items: int = Field(default=0, description="that it tells of")
    seen: datetime | None = Field(default=None, description="when it was last heard; None: never")
    every: float | None = Field(
        default=None, description="seconds after which it is heard again, as it said"
    )
    late: bool = Field(default=False, description="whether it was not heard for three times that")
    version: str = Field(default="", description="of Modelyard, that runs there")
    created: datetime
    created_by: str
    warning: str = Field(default="", description="what follows from being late")


class NewWorkspace(ConnectedWorkspace):
    """A workspace with a new key: the only time that it is shown."""

    key: Annotated[str, SECRET]


class ToldSection(Value):
    """A section of an item, as its workspace tells it."""

    body: dict[str, JsonValue]
    bound: tuple[str, ...] = Field(default=(), description="names that an approval is bound to")
    readers: tuple[str, ...] | None = Field(default=None, description="groups that may see it")


class ToldItem(Value):
    """An item, as its workspace tells it."""

    item: ItemId = Field(description="as it is called there")
    mark: str = Field(max_length=64, description="of all of it")
    sections: dict[str, ToldSection] = Field(min_length=1)
    evidence: dict[str, JsonValue] = Field(default={}, description="of a version, for policies")


class ToldUpdate(Value):
    """An update of a deployment that succeeded, as its workspace tells it."""

    mark: str = Field(max_length=64, description="of all of it")
    past: PastDeployment

    @property
    def update(self) -> str:
        """What it is called."""
        return update_id(self.past)


def update_id(past: PastDeployment) -> str:
    """What an update of a deployment is called."""
    return f"update:{past.project}/{past.deployment}/{past.number}"


def is_update(name: str) -> bool:
    """Whether a name is of an update of a deployment, and not of an item."""
    return name.startswith("update:")


class AskedVersion(Value):
    """A version that is about to be deployed."""

    item: ItemId = Field(description="as it is called in its workspace")
    files: str = Field(max_length=64, description="digest of its files, as they are to be deployed")
    told: ToldItem | None = Field(default=None, description="how it is there; None: it is not")


class ItemStatus(Value):
    """What became of an item where it is governed."""

    listed: ClassVar = ("item", "state", "status", "template", "signoffs", "policies")

    item: ItemId
    state: State
    state_from: str = ""
    template: str | None = None
    template_version: int | None = None
    status: str = Field(default="", description="where it is in the steps of its template")
    signoffs: dict[str, SignoffStatus] = Field(default={}, description="of its steps")
    policies: dict[str, ClauseOutcome] = Field(
        default={}, description="what came last of policies that are asked of it there"
    )
    changed: datetime = Field(description="when something of it last changed there")


class Compared(Value):
    """What a workspace and its govern node do not know of each other."""

    workspace: WorkspaceName = Field(description="what it is called here")
    buckets: tuple[str, ...] = Field(description="in which something is not as it tells it")
    items: Marks = Field(description="how items and updates in these buckets are known here")
    status_buckets: tuple[str, ...] = Field(description="whose statuses it does not know")
    statuses: tuple[ItemStatus, ...] = Field(description="those in these buckets")
    modes: dict[Name, Mode] = Field(description="what policies do, by its infrastructures")


class Received(Value):
    """What came of a part of what a workspace tells."""

    items: int = Field(description="that it holds")
    changed: int = Field(description="of those, that became otherwise by it")
    gone: int


class Judged(Value):
    """What policies say of versions that a workspace is about to deploy."""

    mode: Mode
    asked: tuple[ItemId, ...] = Field(default=(), description="the versions, as it called them")
    judgements: tuple[Judgement, ...] = ()
    problems: tuple[str, ...] = Field(default=(), description="why policies could not be asked")
    clauses: tuple[Clause, ...] = Field(
        default=(), description="what they ask that is found out where the rows are"
    )
