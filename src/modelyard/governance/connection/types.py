"""The words of the connection to a govern node."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from modelyard.governance.policies.types import Mode
from modelyard.governance.workspaces.types import ItemStatus
from modelyard.kernel.values import Name, Value, WorkspaceName


class GovernNode(Value):
    """Where the things of this workspace are governed, and what was last heard from there."""

    listed: ClassVar = ("url", "workspace", "synced", "late", "warning", "problem", "set_aside")

    url: str
    workspace: WorkspaceName = Field(description="what this workspace is called there")
    ca: str = Field(
        default="",
        description="certificates (PEM) of the authorities that are believed, if not the system's",
    )
    has_key: bool = Field(default=False, description="whether its key is known here")
    synced: datetime | None = Field(default=None, description="when both last knew the same")
    late: bool = Field(
        default=False, description="whether that is three times as long ago as it should be"
    )
    warning: str = Field(default="", description="what follows from being late")
    problem: str = Field(default="", description="why they do not since")
    modes: dict[Name, Mode] = Field(
        default={}, description="what policies do, by infrastructure, as it last said"
    )
    items: int = Field(default=0, description="whose status it told")
    set_aside: int = Field(
        default=0, description="items decided about here before, which comes back with disconnect"
    )
    connected: datetime
    connected_by: str


class GovernStatus(Value):
    """Where the things of this workspace are governed, and what became of an item there."""

    listed: ClassVar = ("node", "item", "told")

    node: GovernNode | None = Field(default=None, description="None: they are governed here")
    item: ItemStatus | None = Field(default=None, description="the item that was asked for")
    told: datetime | None = Field(default=None, description="when that was so for the last time")
