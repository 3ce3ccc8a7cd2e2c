"""What one can ask of nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modelyard.deployments.nodes.types import Identity, Kind, NodeCheck, RegisteredNode
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import WEB_PATTERN, Description, Name

NODE = "name of the node"
ABOUT_CA = (
    "certificates (PEM) of the authorities that are believed, where they are not the system's, as "
    'in --ca "$(cat ca.pem)"'
)
ABOUT_KEY = (
    "of an API node an admin key (node keys create), of an automation node an API key of a user"
)
Url = Annotated[str, StringConstraints(pattern=WEB_PATTERN, max_length=2000)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Certificates = Annotated[str, StringConstraints(max_length=1_000_000)]


class AddNode(Command[RegisteredNode]):
    """Let this workspace administer a node: an API node, or another workspace.

    Its key is kept apart: no list, log or backup holds it. The node is asked which one it is, and
    refused if it is here under another name; `check` says whether it can be reached.
    """

    needs = "nodes:write"
    route = "POST /nodes"
    in_place = True
    arguments = ("name",)

    name: Name = Field(description="unique name", examples=["prod-1"])
    kind: Kind = Field(
        default="api", description="'api': it answers queries; 'automation': another workspace"
    )
    address: Url = Field(
        description="where it is", examples=["http://127.0.0.1:8500", "https://node.example.org"]
    )
    key: Annotated[Key, SECRET] = Field(description=ABOUT_KEY, examples=["mdn_..."])
    ca: Certificates = Field(default="", description=ABOUT_CA)
    description: Description = Field(default="", description="one line for people")


class ListNodes(Command[list[RegisteredNode]], Paged):
    """List the nodes, by name; the local one once it was used."""

    needs = "nodes:read"
    route = "GET /nodes"


class ShowNode(Command[RegisteredNode]):
    """Show a node, without its key."""

    needs = "nodes:read"
    route = "GET /nodes/{name}"
    arguments = ("name",)

    name: Name = Field(description=NODE, examples=["prod-1"])


class CheckNode(Command[NodeCheck]):
    """See whether a node can be reached and takes its key: its version, services and processes."""

    needs = "nodes:read"
    route = "POST /nodes/{name}/check"
    asks = True
    arguments = ("name",)

    name: Name = Field(description=NODE, examples=["prod-1"])


class ShowIdentity(Command[Identity]):
    """Show the id of this workspace, by which those that bring bundles here know it.

    It is made once in the workspace's folder, and tells two names of one node from two nodes.
    """

    needs = "account:read"
    route = "GET /identity"


class UpdateNode(Command[RegisteredNode]):
    """Change how a node is reached; what is not given stays. Another address takes the key, too."""

    needs = "nodes:write"
    route = "PATCH /nodes/{name}"
    in_place = True
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NODE, examples=["prod-1"])
    address: Url | None = Field(default=None, description="where it is")
    key: Annotated[Key | None, SECRET] = Field(default=None, description=ABOUT_KEY)
    ca: Certificates | None = Field(default=None, description=f"{ABOUT_CA}; empty: the system's")
    description: Description | None = Field(default=None, description="one line for people")


class RemoveNode(Command[None]):
    """Administer a node no longer; on the node itself nothing changes."""

    needs = "nodes:write"
    route = "DELETE /nodes/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NODE, examples=["prod-1"])
