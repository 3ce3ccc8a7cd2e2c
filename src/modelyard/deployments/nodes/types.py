"""The words of nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Name, Value
from modelyard.serving.administration.types import NodeService

Kind = Literal["api", "automation"]
"""An API node, which answers queries; or another workspace that bundles are brought to."""

ADDRESS = "address"
"""The file in the folder `run` of the local node that says where it answers."""
PROBLEM = "problem"
"""The file beside it that says why no process of it runs although it should."""
LOCAL = "local"
"""The API node that is part of the workspace."""


class RegisteredNode(Value):
    """A node that is administered from here."""

    listed = ("name", "kind", "url", "has_key", "description", "created", "created_by")

    name: Name
    kind: Kind
    url: str = Field(default="", description="where it is; empty: the local one, in its folder")
    description: str = ""
    ca: str = Field(
        default="",
        description="certificates (PEM) of the authorities that are believed, if not the system's",
    )
    identity: str = Field(
        default="", description="its own id, as it told; empty: it did not tell one yet"
    )
    has_key: bool = Field(default=False, description="whether its key is known here")
    created: datetime
    created_by: str
    changed: datetime | None = None


class Identity(Value):
    """Which node it is."""

    id: str = Field(description="made once in its folder")


class NodeCheck(Value):
    """A node that was reached, and how it is."""

    node: Name
    kind: Kind
    address: str = Field(description="where it answers; empty: no process of the local one runs")
    version: str = Field(description="of Modelyard, that runs there")
    alive: bool = Field(description="false: it says that queries should be sent elsewhere")
    ms: float = Field(description="milliseconds that it took to say so")
    processes: int = Field(default=0, description="of an API node, running")
    services: tuple[NodeService, ...] = Field(default=(), description="of an API node")
    problem: str = Field(default="", description="why the local one does not run")
    same_as: str = Field(default="", description="another name under which it is registered here")
    acts_as: str = Field(default="", description="who the key acts for, of an automation node")
