"""What one can ask about workspaces that are governed from here, and what these ask."""

from __future__ import annotations

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.governance.workspaces.types import (
    AskedVersion,
    Buckets,
    Compared,
    ConnectedWorkspace,
    Judged,
    NewWorkspace,
    Received,
    ToldItem,
    ToldUpdate,
    UpdateId,
)
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, Name, WorkspaceName

NAME = "what it is called here; the names of its projects begin with it"
MOST_ITEMS = 1000
MOST_VERSIONS = 1000


class AddWorkspace(Command[NewWorkspace]):
    """Govern the things of another workspace from here; its key is shown this once.

    The key lets it say what it has, and nothing else. On the workspace: `govern connect`.
    """

    needs = "workspaces:write"
    route = "POST /workspaces"
    in_place = True
    arguments = ("name",)

    name: WorkspaceName = Field(description=NAME, examples=["berlin"])
    description: Description = Field(default="", description="one line for people")


class ListWorkspaces(Command[list[ConnectedWorkspace]], Paged):
    """List the workspaces that are governed from here, and when each was last heard."""

    needs = "workspaces:read"
    route = "GET /workspaces"


class ShowWorkspace(Command[ConnectedWorkspace]):
    """Show a workspace that is governed from here."""

    needs = "workspaces:read"
    route = "GET /workspaces/{name}"
    arguments = ("name",)

    name: WorkspaceName = Field(description=NAME, examples=["berlin"])


class RekeyWorkspace(Command[NewWorkspace]):
    """Give a workspace another key; the one before opens nothing from now on."""

    needs = "workspaces:write"
    route = "POST /workspaces/{name}/key"
    in_place = True
    arguments = ("name",)

    name: WorkspaceName = Field(description=NAME, examples=["berlin"])


class RemoveWorkspace(Command[None]):
    """Govern a workspace no longer; its items are gone from here, and kept with their story."""

    needs = "workspaces:write"
    route = "DELETE /workspaces/{name}"
    guarded = True
    arguments = ("name",)

    name: WorkspaceName = Field(description=NAME, examples=["berlin"])


class CompareItems(Command[Compared]):
    """Say what a workspace and this node do not know of each other; only a workspace asks it.

    Items and updates of deployments are in 256 buckets, by the first two digits of the SHA-256 of
    their ids. Of each bucket a workspace tells one hash, and so is told of what is in those alone
    that differ.
    """

    needs = "linked:read"
    route = "POST /linked/compare"
    asks = True

    items: Buckets = Field(
        default={}, max_length=256, description="of its items and updates, by bucket"
    )
    statuses: Buckets = Field(
        default={}, max_length=256, description="of their statuses as it was told, by bucket"
    )
    version: str = Field(default="", max_length=64, description="of Modelyard, that runs there")
    every: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="seconds after which it is heard again",
    )


class ReceiveItems(Command[Received]):
    """Take in how items of a workspace are, and what it deployed; only that workspace sends it.

    What was taken in already changes nothing.
    """

    needs = "linked:write"
    route = "POST /linked/items"

    items: tuple[ToldItem, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="each as a whole"
    )
    gone: tuple[ItemId, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="those that are no longer there"
    )
    updates: tuple[ToldUpdate, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="updates of deployments, that succeeded"
    )
    gone_updates: tuple[UpdateId, ...] = Field(
        default=(), max_length=MOST_ITEMS, description="those that are no longer there"
    )
    more: bool = Field(default=False, description="whether more of all this follows")


class JudgeVersions(Command[Judged]):
    """Say what policies make of versions that a workspace is about to deploy; only that asks it."""

    needs = "linked:write"
    route = "POST /linked/judge"
    arguments = ("infrastructure",)

    infrastructure: Name = Field(description="as it is called there", examples=["production-api"])
    versions: tuple[AskedVersion, ...] = Field(
        max_length=MOST_VERSIONS,
        description="all that would answer",
        examples=[({"item": "version:flights/delay/v4", "files": "0" * 64},)],
    )
